import { DescribeIamInstanceProfileAssociationsCommand, type EC2Client } from "@aws-sdk/client-ec2";

import type { ServiceControlPolicies } from "./authorise";
import { type CallOrigin, throughEndpoint, vpcOfNodes } from "./callOrigin";
import { checkEc2Call, type Ec2Context } from "./ec2";
import { assumeRoleForPodIdentity, type EksAuthContext, type PodIdentityCredentials } from "./eksAuth/assumeRole";
import type { IamState } from "./iam/state";
import type { Timeline } from "./iam/timeline";
import type { Organization } from "./organization";
import type { AwsRequest } from "./protocol";
import { assumeWithWebIdentity, type StsContext } from "./sts";
import type { Session } from "./sts/sessions";

/**
 * The AWS calls of the processes on the sandbox's nodes.
 *
 * They run the code that answers HTTP calls, but without HTTP, because there are many of them. They are not throttled,
 * and do not count towards the throttling of other callers: an SDK would retry, and a throttled caller has not lost a
 * permission.
 */
export interface CallsFromNodes {
    /** The credentials from the metadata service of an instance: a session of the role of its instance profile. */
    instanceCredentials(instanceId: string): Promise<Session | undefined>;
    /** AssumeRoleWithWebIdentity. Throws STS's refusal. */
    assumeRole(roleArn: string, token: string): Promise<Session>;
    /** AssumeRoleForPodIdentity, with the credentials of a node. Throws EKS Auth's refusal. */
    assumeRoleForPodIdentity(node: Session, clusterName: string, token: string): Promise<PodIdentityCredentials>;
    /** An EC2 call that is authorised but not carried out. Throws EC2's refusal. Many of them cost little: see `Remembered`. */
    ec2(session: Session, action: string, parameters?: Readonly<Record<string, string>>): Promise<void>;
}

interface InsideContext extends Ec2Context, StsContext, EksAuthContext {
    readonly timeline: Timeline;
}

export function callsFromNodes(context: InsideContext, motoEc2: EC2Client): CallsFromNodes {
    const profiles = new Map<string, string>();
    const vpc = vpcOfNodes(motoEc2);
    const origin = async () => throughEndpoint(await vpc());
    const remembered = new Remembered(context.organization);
    const profileOf = async (instanceId: string): Promise<string | undefined> => {
        if (!profiles.has(instanceId)) {
            const name = await readProfile(motoEc2, instanceId);
            if (name !== undefined) {
                profiles.set(instanceId, name);
            }
        }
        return profiles.get(instanceId);
    };
    return {
        instanceCredentials: async (instanceId) => {
            const profile = await profileOf(instanceId);
            const named = Object.values(context.timeline.written.roles).find(
                ({ instanceProfileNames }) => profile !== undefined && instanceProfileNames.includes(profile),
            );
            const role = context.enforced().roles[named?.name ?? ""];
            // Six hours, as from the metadata service. The session is named after the instance:
            // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
            return role && context.sessions.create(role, instanceId, 6 * 3600);
        },
        assumeRole: async (roleArn, token) => {
            const { session } = await assumeWithWebIdentity(
                new Map([
                    ["RoleArn", roleArn],
                    ["RoleSessionName", "aws-node"],
                    ["WebIdentityToken", token],
                ]),
                context,
                await origin(),
            );
            return session;
        },
        assumeRoleForPodIdentity: async ({ accessKeyId, sessionToken }, clusterName, token) => {
            const credential = { accessKeyId, sessionToken };
            const caller = context.sessions.authenticate("eks-auth", credential, context.enforced(), context.region);
            const from = { origin: await origin(), region: context.region };
            return assumeRoleForPodIdentity({ clusterName, token }, caller, context, from);
        },
        ec2: async (session, action, parameters = {}) => {
            const from = await origin();
            const request = requestOf(session, action, parameters, from);
            const state = context.enforced();
            // Whether the session is still valid is asked each time.
            context.sessions.authenticate("ec2", request.credential, state, request.region);
            const key = JSON.stringify([session.accessKeyId, action, parameters, from]);
            await remembered.get(state, key, () => checkEc2Call(request, context));
        },
    };
}

/**
 * The answers to calls while nothing changes that decides about them: the enforced state of IAM and the service control policies. Probes ask
 * for each pod twice a second, and an evaluation of policies takes milliseconds.
 */
class Remembered {
    private answers = new Map<string, Promise<void>>();
    private state: IamState | undefined;
    private serviceControlPolicies: ServiceControlPolicies = [];

    public constructor(private readonly organization: Organization) {}

    public get(state: IamState, key: string, check: () => Promise<void>): Promise<void> {
        const { serviceControlPolicies } = this.organization;
        if (state !== this.state || serviceControlPolicies !== this.serviceControlPolicies) {
            this.answers = new Map();
            [this.state, this.serviceControlPolicies] = [state, serviceControlPolicies];
        }
        const answer = this.answers.get(key) ?? check();
        this.answers.set(key, answer);
        return answer;
    }
}

async function readProfile(ec2: EC2Client, instanceId: string): Promise<string | undefined> {
    const { IamInstanceProfileAssociations } = await ec2.send(
        new DescribeIamInstanceProfileAssociationsCommand({
            Filters: [{ Name: "instance-id", Values: [instanceId] }],
        }),
    );
    return IamInstanceProfileAssociations?.[0]?.IamInstanceProfile?.Arn?.split("/").at(-1);
}

function requestOf(
    { accessKeyId, sessionToken }: Session,
    action: string,
    parameters: Readonly<Record<string, string>>,
    origin: CallOrigin,
): AwsRequest {
    return {
        service: "ec2",
        method: "POST",
        url: "/",
        headers: {},
        body: Buffer.alloc(0),
        action,
        parameters: new Map([["Action", action], ...Object.entries(parameters)]),
        credential: { accessKeyId, sessionToken },
        origin,
    };
}
