import { parseRoleArn } from "../../documents/arn";
import { CNI_ACTIONS } from "../../documents/cniActions";
import type { PodSessionProof, PodSessionRequest } from "../model/proof";
import type { Clients, SessionKeys } from "./awsClients";
import { errorCodeOf, isUnreachable, messageOf } from "./awsErrors";
import { tryInSession } from "./dryRuns";
import { nodeOf } from "./nodeArguments";
import { provePermissions } from "./permissionsProof";

/** The part of EKS Auth's answer that the proof uses. */
interface Granted {
    readonly assumedRoleUser?: { readonly arn?: string };
    readonly credentials?: Partial<SessionKeys>;
}

/**
 * Asks EKS Auth for the session that a pod would get by the association, and tries the plugin's calls with it by DryRun.
 *
 * AWS documents EKS Auth for the agent alone, so no answer of it refuses the role: the canary decides. Only calls that EC2 refuses to the session do.
 */
export async function provePodSession(clients: Clients, request: PodSessionRequest): Promise<PodSessionProof> {
    const { roleArn, clusterName, token, ipFamily, depth } = request;
    const asked = await ask(clients, clusterName, token);
    if ("why" in asked) {
        return { proof: { verdict: "undecided", why: asked.why, evidence: [] }, final: asked.final };
    }
    const { role, keys } = asked;
    const { name } = parseRoleArn(roleArn) ?? {};
    if (role !== name) {
        const why = `EKS Auth still gives the pods the role ${role}.`;
        return { proof: { verdict: "undecided", why, evidence: [] }, final: false };
    }
    const first = `EKS Auth issues a session of ${roleArn} for a pod of the service account`;
    if (depth === "assumeRole") {
        return { proof: { verdict: "yes", evidence: [first] }, final: true };
    }
    const node = await nodeOf(clients, request);
    const tried = await tryInSession(clients, { keys, token }, CNI_ACTIONS[ipFamily], node);
    const proof = await provePermissions(clients, request, tried, node);
    // IAM may still propagate a policy of the role.
    return proof.verdict === "no"
        ? { proof, final: false }
        : { proof: { ...proof, evidence: [first, ...proof.evidence] }, final: true };
}

type Asked =
    | { readonly role: string; readonly keys: SessionKeys }
    /** `final`: EKS Auth does not answer this caller, so asking again does not help. */
    | { readonly why: string; readonly final: boolean };

async function ask(clients: Clients, clusterName: string, token: string): Promise<Asked> {
    const secrets = [token, ...clients.secrets];
    try {
        const call = await clients.eksAuth();
        const { ok, code, body } = await call(clusterName, { token });
        if (!ok) {
            const { message = "" } = body as { message?: string };
            const isDenied = /not authorized to perform: eks-auth:/.test(message);
            return { why: `EKS Auth answered ${code}: ${messageOf(new Error(message), secrets)}`, final: isDenied };
        }
        const { assumedRoleUser, credentials } = body as Granted;
        const { accessKeyId = "", secretAccessKey = "", sessionToken = "" } = credentials ?? {};
        const role = /:assumed-role\/([^/]+)\//.exec(assumedRoleUser?.arn ?? "")?.[1] ?? "";
        return { role, keys: { accessKeyId, secretAccessKey, sessionToken } };
    } catch (error) {
        const what = isUnreachable(error)
            ? "did not answer this machine"
            : `could not be asked (${errorCodeOf(error)})`;
        return { why: `EKS Auth ${what}: ${messageOf(error, secrets)}`, final: true };
    }
}
