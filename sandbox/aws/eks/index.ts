import { createHash } from "node:crypto";

import { reasonOf, policyVerdict } from "../authorise";
import { AwsError } from "../errors";
import type { IamState } from "../iam/state";
import type { Moto } from "../moto";
import { globalKeys, type LimitedPrincipal, limitedPrincipal, type Organization } from "../organization";
import type { AwsRequest, AwsResponse } from "../protocol";
import type { Sessions } from "../sts/sessions";
import { addOnAnswer } from "./addOnAnswers";
import type { AddOns } from "./addOns";
import type { AddOnInstaller } from "./addOns/installer";
import type { Associations } from "./associations";
import { identityAnswer } from "./associations/answers";
import type { NodeGroupDeletions } from "./nodeGroupDeletions";
import { completeNodeGroup, type NodeGroupState } from "./nodeGroups";
import {
    type NodegroupVersion,
    nodegroupUpdateAnswer,
    refuseUnlessActive,
    updatedNodegroup,
    nodegroupKey,
} from "./nodegroupUpdates";
import { authoriseRoles } from "./passRole";
import { resourceOf, routeOf, type Route } from "./routes";
import { tagAnswer } from "./tagAnswers";
import type { VersionUpdates } from "./updates";

/** How clients reach a cluster of the sandbox. moto invents the endpoint and the certificate authority. */
export interface ClusterAccess {
    readonly endpoint: string;
    /** Base64 of the PEM, as in DescribeCluster's certificateAuthority.data. */
    readonly certificateAuthority: string;
    /** The issuer that the API server was started with. Defaults to an invented one. */
    readonly issuer?: string;
    /** The progress of a node group's nodes. Defaults to moto's answer: the nodes exist immediately. */
    readonly nodeGroup?: (name: string) => NodeGroupState;
    /** Whether anything of a node group still exists. Defaults to moto's answer: it is deleted immediately. */
    readonly nodeGroupRemains?: (name: string) => boolean;
    /** Writes the objects of add-ons. Defaults to none: an add-on is an entry in EKS's answers. */
    readonly addOnInstallers?: Readonly<Record<string, AddOnInstaller>>;
}

export interface EksContext {
    readonly addOns: AddOns;
    readonly associations: Associations;
    readonly accountId: string;
    readonly region: string;
    readonly moto: Moto;
    readonly sessions: Sessions;
    readonly enforced: () => IamState;
    readonly visible: () => IamState;
    readonly organization: Organization;
    readonly access: ReadonlyMap<string, ClusterAccess>;
    readonly updates: VersionUpdates;
    readonly deletions: NodeGroupDeletions;
}

export async function answerEks(request: AwsRequest, context: EksContext): Promise<AwsResponse> {
    const state = context.enforced();
    const caller = context.sessions.authenticate("eks", request.credential, state, request.region);
    const path = new URL(request.url, "http://127.0.0.1").pathname;
    const route = routeOf(request.method, path);
    const principal = limitedPrincipal(caller, context.organization, context.accountId);
    if (principal) {
        authorise(request, route, principal, state, context);
    }
    return (await answerWithoutMoto(request, route, context)) ?? (await answerByMoto(request, route, context));
}

function authorise(
    request: AwsRequest,
    route: Route,
    principal: LimitedPrincipal,
    state: IamState,
    { accountId, region: ownRegion, organization }: EksContext,
): void {
    const region = request.region ?? ownRegion;
    const { arn: principalArn, policies } = principal;
    const action = `eks:${route.action}`;
    const resource = resourceOf(route, region, accountId);
    const keys = globalKeys(principal, region, request.origin);
    const act = { principalArn, accountId, action, resource, context: keys };
    const verdict = policyVerdict(state, policies, act, organization.serviceControlPolicies);
    if (verdict !== "allowed") {
        throw new AwsError(
            "AccessDeniedException",
            `User: ${principalArn} is not authorized to perform: ${action} on resource: ${shownResource(route, resource, region, accountId)} ` +
                reasonOf(verdict, action),
            403,
        );
    }
    const { serviceControlPolicies } = organization;
    const passing = { principal, accountId, state, serviceControlPolicies, context: keys };
    authoriseRoles(route, request, passing);
}

/** ListClusters has no resource, and EKS names all clusters in its refusal: https://github.com/aws/aws-cli/issues/5823 */
function shownResource({ action }: Route, resource: string, region: string, accountId: string): string {
    return action === "ListClusters" ? `arn:aws:eks:${region}:${accountId}:cluster/*` : resource;
}

const withoutMoto =
    /^(?:UpdateClusterVersion|UpdateNodegroupVersion|ListUpdates|DescribeUpdate)$|Addons?$|PodIdentityAssociations?$/;

/** The calls that moto does not implement. All but those of tags name a cluster, which must exist. Undefined for other calls. */
async function answerWithoutMoto(
    request: AwsRequest,
    route: Route,
    context: EksContext,
): Promise<AwsResponse | undefined> {
    const tags = tagAnswer(request, route, [context.addOns, context.associations]);
    if (tags !== undefined || !withoutMoto.test(route.action)) {
        return tags && json(tags);
    }
    const described = await describeCluster(request, route.clusterName ?? "", context);
    if (described.status !== 200) {
        return described;
    }
    const { cluster } = JSON.parse(described.body.toString()) as { cluster: Cluster };
    const group = updatedNodegroup(request, route);
    if (group !== undefined) {
        return answerNodegroupUpdate(request, route, cluster, group, context);
    }
    return json(
        (await addOnAnswer(request, route, context.addOns)) ??
            (await identityAnswer(request, route, context.associations, context)) ??
            updateAnswer(request, route, cluster, context.updates),
    );
}

function updateAnswer(request: AwsRequest, route: Route, cluster: Cluster, updates: VersionUpdates): object {
    const { action, clusterName = "", member = "" } = route;
    switch (action) {
        case "UpdateClusterVersion": {
            const { version = "" } = JSON.parse(request.body.toString()) as { version?: string };
            return { update: updates.start(clusterName, cluster.version ?? "", version) };
        }
        case "ListUpdates":
            return { updateIds: updates.ids(clusterName) };
        default:
            return { update: updates.describe(clusterName, member) };
    }
}

async function answerNodegroupUpdate(
    request: AwsRequest,
    route: Route,
    cluster: Cluster,
    group: string,
    context: EksContext,
): Promise<AwsResponse> {
    const url = `/clusters/${encodeURIComponent(cluster.name)}/node-groups/${encodeURIComponent(group)}`;
    const read = { ...request, method: "GET", url, body: Buffer.alloc(0) };
    const described = await answerByMoto(read, { action: "DescribeNodegroup", path: url }, context);
    if (described.status !== 200) {
        return described;
    }
    const { nodegroup } = JSON.parse(described.body.toString()) as { nodegroup: NodegroupVersion };
    return json(nodegroupUpdateAnswer(request, route, nodegroup, cluster.version ?? "", context.updates));
}

function describeCluster(request: AwsRequest, name: string, context: EksContext): Promise<AwsResponse> {
    const url = `/clusters/${encodeURIComponent(name)}`;
    const read = { ...request, method: "GET", url, body: Buffer.alloc(0) };
    return answerByMoto(read, { action: "DescribeCluster", path: url, clusterName: name }, context);
}

async function answerByMoto(request: AwsRequest, route: Route, context: EksContext): Promise<AwsResponse> {
    const { action, clusterName = "", member = "" } = route;
    if (action === "UpdateClusterConfig") {
        context.updates.refuseWhileUpdating(clusterName, "ConfigUpdate");
    }
    if (action === "UpdateNodegroupConfig") {
        refuseUnlessActive(nodegroupKey(clusterName, member), context.updates);
    }
    const remains = () => context.access.get(clusterName)?.nodeGroupRemains?.(member) ?? false;
    const answer = await context.moto.forward(request);
    if (answer.status !== 200) {
        return (action === "DescribeNodegroup" && context.deletions.describe(clusterName, member, remains)) || answer;
    }
    const completed = completeNodeGroup(
        completeCluster(answer, context),
        (cluster, name) => context.access.get(cluster)?.nodeGroup?.(name),
        (cluster, name) => context.updates.effectOn(nodegroupKey(cluster, name)),
    );
    if (action === "DeleteNodegroup") {
        context.updates.forget(nodegroupKey(clusterName, member));
        context.deletions.begin(clusterName, member, answer);
    }
    if (action === "DeleteCluster") {
        [context.updates, context.addOns, context.associations].forEach((of) => of.forget(clusterName));
    }
    return completed;
}

/** Adds the real API server to answers about a cluster, and the service CIDR that AWS chooses. */
function completeCluster(answer: AwsResponse, { access, region, updates }: EksContext): AwsResponse {
    const body = JSON.parse(answer.body.toString()) as { cluster?: Cluster };
    const cluster = body.cluster;
    if (!cluster) {
        return answer;
    }
    const known = access.get(cluster.name);
    const completed = {
        ...cluster,
        ...updates.effectOn(cluster.name),
        ...(known && { endpoint: known.endpoint, certificateAuthority: { data: known.certificateAuthority } }),
        identity: { oidc: { issuer: known?.issuer ?? issuerOf(cluster, region) } },
        kubernetesNetworkConfig: networkConfig(cluster.kubernetesNetworkConfig ?? {}),
    };
    return { ...answer, body: JSON.stringify({ ...body, cluster: completed }) };
}

/** Every cluster has its own issuer, also a recreated one. moto gives all clusters the same. */
function issuerOf({ arn = "", createdAt = "" }: Cluster, region: string): string {
    const id = createHash("sha256").update(`${arn} ${createdAt}`).digest("hex").slice(0, 32).toUpperCase();
    return `https://oidc.eks.${region}.amazonaws.com/id/${id}`;
}

interface Cluster {
    readonly name: string;
    readonly arn?: string;
    readonly createdAt?: number | string;
    readonly version?: string;
    readonly kubernetesNetworkConfig?: Readonly<Record<string, unknown>>;
}

function json(body: object): AwsResponse {
    return { status: 200, contentType: "application/json", body: JSON.stringify(body) };
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigResponse.html */
function networkConfig(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return config.ipFamily === "ipv6"
        ? { serviceIpv6Cidr: "fd30:1c53:5f8a::/108", ...config }
        : { ipFamily: "ipv4", serviceIpv4Cidr: "10.100.0.0/16", ...config };
}
