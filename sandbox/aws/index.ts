import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";

import { EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";

import { associationChangesLog, eksAuthCallsLog, iamChangesLog } from "../logs";
import type { ServiceControlPolicies } from "./authorise";
import { answerEc2 } from "./ec2";
import { LaunchTimes } from "./ec2/launchTimes";
import { answerEks, type ClusterAccess } from "./eks";
import { AddOns } from "./eks/addOns";
import { Associations } from "./eks/associations";
import { type AssociationDelays, AssociationViews, noAssociationDelays } from "./eks/associations/views";
import { NodeGroupDeletions } from "./eks/nodeGroupDeletions";
import { VersionUpdates } from "./eks/updates";
import { answerEksAuth } from "./eksAuth";
import { type EksAuthTimes, eksAuthTimes } from "./eksAuth/assumeRole";
import { answerIam } from "./iam";
import { LastUse } from "./iam/lastUse";
import { restoreIam } from "./iam/restore";
import { emptyIamState, type IamState } from "./iam/state";
import { StateReader } from "./iam/stateReader";
import { Timeline, type Delays } from "./iam/timeline";
import { HeldAnswers } from "./iam/visibility";
import { callsFromNodes, type CallsFromNodes } from "./inside";
import { ModelGuard } from "./modelGuard";
import { startMoto, type Moto } from "./moto";
import { Organization } from "./organization";
import { errorAnswer } from "./protocol";
import { ResourceControlPolicies } from "./resourceControl";
import { serve, type Answer } from "./serve";
import { answerSts } from "./sts";
import { Issuers, type IssuerKeys } from "./sts/issuers";
import { WebIdentityRefusals, type WebIdentityRefusal } from "./sts/refusals";
import { Sessions } from "./sts/sessions";
import { Users, type User } from "./sts/users";
import { Throttle, type Throttling } from "./throttling";

export interface AwsApiOptions {
    /** The path of moto's executable `moto_server`. */
    readonly motoServer: string;
    /** The folder for logs and for iam-changes.jsonl: every change of IAM, with the time from which it is enforced. */
    readonly directory: string;
    readonly port?: number;
    readonly accountId: string;
    readonly region: string;
    readonly enforcementDelaySeconds: number;
    readonly visibilityDelaySeconds: number;
    /** Defaults to none. */
    readonly associationDelays?: AssociationDelays;
}

/** A service account. */
interface Identity {
    readonly namespace: string;
    readonly serviceAccount: string;
}

export interface AwsApi {
    /** The value for AWS_ENDPOINT_URL. */
    readonly endpoint: string;
    readonly motoPid: number;
    /** Sets where the signing keys of an OIDC issuer are. */
    trustIssuer(issuer: string, keys: IssuerKeys): void;
    /** Sets the delays of later changes. */
    setDelays(delays: Partial<Delays>): void;
    /** Throttles later calls, as AWS does for callers above its rate; `{}` ends it. */
    setThrottling(throttling: Throttling): void;
    /**
     * Sets the service control policies of the account's organization, enforced at once: the texts of each level, from the root to the
     * account. Without levels, the account is in no organization.
     */
    setServiceControlPolicies(levels: ServiceControlPolicies): void;
    /** Enables regions that are off by default. */
    optInRegions(regions: readonly string[]): void;
    /** Sets where IAM saw a role used last. IAM itself shows a use within hours, which no sandbox lives. */
    setRoleLastUsed(roleName: string, region: string): void;
    /** Makes DescribeCluster return the real API server of this cluster. */
    describeCluster(name: string, access: ClusterAccess): void;
    /** Refuses every later AssumeRoleWithWebIdentity; undefined ends it. */
    refuseWebIdentity(code: WebIdentityRefusal | undefined): void;
    /** Sets the resource control policies of the account's organization, enforced at once; none ends it. */
    setResourceControlPolicies(documents: readonly string[]): void;
    /** Expires credentials that STS issued. */
    expireSession(accessKeyId: string): void;
    /** The managed add-ons: what AWS does not document about them, and changes from the side. */
    readonly addOns: AddOns;
    /** Sets the delays after which the parts of EKS see changes of Pod Identity associations, also of changes that they have not seen yet. */
    setAssociationDelays(delays: Partial<AssociationDelays>): void;
    /** Sets how long EKS Auth's later credentials are valid. */
    setEksAuthTimes(times: EksAuthTimes): void;
    /** The service accounts with an EKS Pod Identity association, as each replica of the identity webhook sees them. */
    podIdentities(clusterName: string): readonly (() => readonly Identity[])[];
    /** The state of IAM after the latest write. */
    iamState(): IamState;
    /**
     * Restores a state of IAM, enforced at once, without add-ons, associations, users, throttling or refusals, and with
     * the first delays.
     */
    reset(wanted: IamState): Promise<void>;
    /** Creates a user with only these policies. It replaces a user of the same name. */
    createUser(name: string, policyDocuments: readonly string[]): User;
    /** The calls of the processes on the sandbox's nodes. */
    readonly fromNodes: CallsFromNodes;
    stop(): Promise<void>;
}

/**
 * Longer than the pauses between the calls of a client. Node.js closes idle connections after five seconds by default,
 * and a client that calls at that moment gets a reset.
 */
const KEPT_MILLISECONDS = 10 * 60 * 1000;

export async function startAwsApi(options: AwsApiOptions): Promise<AwsApi> {
    mkdirSync(options.directory, { recursive: true });
    const moto = await startMoto(options);
    try {
        return await startFront(options, moto);
    } catch (error) {
        await moto.stop();
        throw error;
    }
}

async function startFront(options: AwsApiOptions, moto: Moto): Promise<AwsApi> {
    const initialDelays: Delays = {
        enforcementSeconds: options.enforcementDelaySeconds,
        visibilitySeconds: options.visibilityDelaySeconds,
    };
    let delays = initialDelays;
    const issuers = new Issuers();
    const access = new Map<string, ClusterAccess>();
    const throttle = new Throttle();
    const context = makeContext(options, moto, { issuers, access, delays: () => delays });
    const answer = throttled(dispatcher(context), throttle);
    const guard = new ModelGuard(options.motoServer);
    const server = createServer((incoming, outgoing) => {
        serve(incoming, outgoing, answer, guard).catch(() => outgoing.destroy());
    });
    server.keepAliveTimeout = KEPT_MILLISECONDS;
    const endpoint = await listen(server, options.port ?? 0);
    return {
        endpoint,
        motoPid: moto.pid,
        trustIssuer: (issuer, keys) => issuers.trust(issuer, keys),
        setDelays: (changed) => (delays = { ...delays, ...changed }),
        setThrottling: (throttling) => throttle.set(throttling),
        setServiceControlPolicies: (levels) => (context.organization.serviceControlPolicies = levels),
        optInRegions: (regions) => (context.organization.optedInRegions = regions),
        setRoleLastUsed: (name, region) => context.lastUse.set(context.timeline.written, name, region),
        describeCluster: (name, reached) => access.set(name, reached),
        refuseWebIdentity: (code) => context.refusals.set(code),
        setResourceControlPolicies: (documents) => context.resourceControl.set(documents),
        expireSession: (accessKeyId) => context.sessions.expire(accessKeyId),
        iamState: () => context.timeline.written,
        reset: async (wanted) => {
            throttle.set({});
            context.refusals.set(undefined);
            context.users.clear();
            context.organization.reset();
            context.lastUse.clear();
            context.resourceControl.set([]);
            await context.addOns.reset();
            Object.assign(context.eksAuthTimes, eksAuthTimes);
            context.views.setDelays(noAssociationDelays);
            access.forEach((_, name) => context.associations.forget(name));
            context.views.setDelays(options.associationDelays ?? noAssociationDelays);
            context.timeline.settle();
            context.held.clear();
            delays = { enforcementSeconds: 0, visibilitySeconds: 0 };
            try {
                await restoreIam(new IAMClient(accessTo(endpoint, options.region)), context.timeline.written, wanted);
            } finally {
                delays = initialDelays;
            }
        },
        createUser: (name, documents) => context.users.create(name, documents),
        addOns: context.addOns,
        setAssociationDelays: (changed) => context.views.setDelays(changed),
        setEksAuthTimes: (times) => Object.assign(context.eksAuthTimes, times),
        podIdentities: (clusterName) => context.views.of("webhooks").map((view) => () => view.list(clusterName)),
        fromNodes: callsFromNodes(context, new EC2Client(accessTo(moto.endpoint, options.region))),
        stop: async () => {
            await context.addOns.reset();
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
            await moto.stop();
        },
    };
}

/** Comes before everything else: a throttled call is not even authenticated. */
function throttled(answer: Answer, throttle: Throttle): Answer {
    return (request) => {
        const refusal = throttle.refusal(request.service);
        return refusal ? Promise.resolve(errorAnswer(request.service, refusal)) : answer(request);
    };
}

interface Settings {
    readonly issuers: Issuers;
    readonly access: ReadonlyMap<string, ClusterAccess>;
    readonly delays: () => Delays;
}

function makeContext(options: AwsApiOptions, moto: Moto, settings: Settings) {
    const { accountId, region } = options;
    const users = new Users(accountId);
    const organization = new Organization();
    const sessions = new Sessions(Date.now, users, () => organization.optedInRegions);
    const associations = new Associations(region, accountId);
    const views = new AssociationViews(associations, associationChangesLog(options.directory));
    views.setDelays(options.associationDelays ?? noAssociationDelays);
    const timeline = new Timeline(emptyIamState, iamChangesLog(options.directory));
    const iam = new IAMClient(accessTo(moto.endpoint, region));
    return {
        accountId,
        region,
        moto,
        users,
        sessions,
        timeline,
        iam,
        reader: new StateReader(iam),
        held: new HeldAnswers(),
        organization,
        lastUse: new LastUse(),
        updates: new VersionUpdates(),
        deletions: new NodeGroupDeletions(),
        associations,
        views,
        nextAuthView: inTurns(views.of("eksAuth")),
        eksAuthTimes: { ...eksAuthTimes },
        eksAuthCallsLog: eksAuthCallsLog(options.directory),
        addOns: new AddOns(
            region,
            accountId,
            associations,
            (clusterName, addonName) => settings.access.get(clusterName)?.addOnInstallers?.[addonName],
        ),
        refusals: new WebIdentityRefusals(),
        resourceControl: new ResourceControlPolicies(),
        enforced: () => timeline.enforced,
        visible: () => timeline.visible,
        launchTimes: new LaunchTimes(),
        inTurn: oneAfterTheOther(),
        ...settings,
    };
}

function accessTo(endpoint: string, region: string) {
    return { endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
}

function dispatcher(context: ReturnType<typeof makeContext>): Answer {
    return (request) => {
        switch (request.service) {
            case "iam":
                return answerIam(request, context);
            case "sts":
                return answerSts(request, context);
            case "ec2":
                return answerEc2(request, context);
            case "eks":
                return answerEks(request, context);
            case "eks-auth":
                return answerEksAuth(request, context);
        }
    };
}

/** Answers with each item in turns. */
function inTurns<T>(items: readonly T[]): () => T {
    let calls = 0;
    return () => items[calls++ % items.length] as T;
}

function oneAfterTheOther(): <T>(work: () => Promise<T>) => Promise<T> {
    let last: Promise<unknown> = Promise.resolve();
    return (work) => {
        const next = last.then(work, work);
        last = next.catch(() => undefined);
        return next;
    };
}

function listen(server: Server, port: number): Promise<string> {
    return new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => {
            const address = server.address();
            resolve(`http://127.0.0.1:${typeof address === "object" && address ? address.port : port}`);
        });
    });
}
