/** The CNI role of the model, and how the engine changes it in place. */
import type { OidcProvider } from "../../documents/arn";
import type { PolicyDocument } from "../../documents/policyDocument";
import { settingActions } from "../../documents/settingActions";
import { trustPolicy } from "../../documents/trustPolicy";
import { checkUpdate } from "../../handover/decide/narrowing";
import type { ProofFailure } from "../../handover/model/proof";
import type { SettingGap, SettingGapRequest } from "../../handover/model/settingGap";
import type { Subject } from "../../handover/model/subject";

export const ACCOUNT = "111122223333";
export const ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/A";
/** The issuer of another cluster, which a program may name by mistake. */
export const WRONG_ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/B";
/** The issuers of the clusters that may share the role. */
export const OTHER_ISSUERS = ["oidc.eks.eu-west-1.amazonaws.com/id/C", "oidc.eks.eu-west-1.amazonaws.com/id/D"];
export const AWS_NODE = "aws-node";
export const CNI_POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
const IPV6_POLICY = `arn:aws:iam::${ACCOUNT}:policy/cni-ipv6`;
/** Grants the network policy logs. */
const LOGS_POLICY = `arn:aws:iam::${ACCOUNT}:policy/logs`;
/** Grants what adds an interface. */
const INTERFACES_POLICY = `arn:aws:iam::${ACCOUNT}:policy/cni-interfaces`;
const OTHER_POLICY = `arn:aws:iam::${ACCOUNT}:policy/other`;

const ADDITIONAL = { logs: LOGS_POLICY, interfaces: INTERFACES_POLICY, other: OTHER_POLICY };

/** What a program says about its role. */
export interface RoleArguments {
    readonly ipFamily?: Subject["ipFamily"];
    /** A permissions boundary. Only one of them leaves the CNI its rights. */
    readonly boundary?: "enough" | "too narrow";
    /** Whether the program names the OIDC provider of another cluster as the cluster's own. */
    readonly wrongIssuer?: boolean;
    readonly serviceAccountName?: string;
    /** The issuers of other clusters. */
    readonly otherIssuers?: readonly string[];
    readonly additionalPolicyArns?: readonly (keyof typeof ADDITIONAL)[];
    /** Missing: the component annotates the service account. With podIdentity, the role trusts EKS Pod Identity alone. */
    readonly delivery?: "external" | "eksAddon" | "podIdentity";
}

export interface ModelRole {
    readonly createdAt: number;
    /** One that does not work passes the proof, but fails on the nodes, as with a VPC endpoint policy. */
    readonly works: boolean;
    /** Missing for a role with everything that the pods need. */
    readonly of?: RoleArguments;
    /** The policies that are attached to it. Missing for the same reason. */
    readonly policyArns?: readonly string[];
}

export function policiesOf({ ipFamily, additionalPolicyArns = [] }: RoleArguments): string[] {
    const additional = additionalPolicyArns.map((one) => ADDITIONAL[one]);
    return [familyPolicy(ipFamily ?? "ipv4"), ...additional];
}

const familyPolicy = (ipFamily: Subject["ipFamily"]) => (ipFamily === "ipv4" ? CNI_POLICY : IPV6_POLICY);

/** What the policies together do not grant, as AwsAccess.missingGrants. */
export function missingGrants(policyArns: readonly string[], ipFamily: Subject["ipFamily"]) {
    return {
        cni: policyArns.includes(familyPolicy(ipFamily)) ? [] : ["ec2:AssignPrivateIpAddresses"],
        logs: policyArns.includes(LOGS_POLICY) ? [] : ["logs:PutLogEvents"],
    };
}

/** What the plugin's settings need and the policies do not grant, as AwsAccess.settingGap. */
export function settingGap(
    { ipFamily, settings, policyArns = [] }: SettingGapRequest,
    role: ModelRole | undefined,
): SettingGap | undefined {
    const needed = settingActions(ipFamily, settings, []);
    const held = policyArns.length > 0 ? policyArns : role?.policyArns;
    const overruling = role?.of?.boundary === "too narrow" ? ["the permissions boundary does not grant it"] : [];
    return needed === undefined || (held?.includes(INTERFACES_POLICY) && overruling.length === 0)
        ? undefined
        : {
              reasons: needed.reasons,
              missing: needed.actions.map(({ action }) => action),
              ...(overruling.length > 0 && { overruling }),
          };
}

/** Why a token of this service account of the cluster cannot use the role. Undefined if it can. */
export function refusedBy(
    role: ModelRole,
    ipFamily: Subject["ipFamily"],
    account: string,
    issuer = ISSUER,
): ProofFailure | undefined {
    const { of = {}, policyArns } = role;
    const trusted = [issuerOf(of), ...(of.otherIssuers ?? [])];
    if (!trusted.includes(issuer) || (of.serviceAccountName ?? AWS_NODE) !== account) {
        return "trust-refused";
    }
    const lacks = policyArns !== undefined && missingGrants(policyArns, ipFamily).cni.length > 0;
    return of.boundary === "too narrow" || lacks ? "permission-missing" : undefined;
}

/** Whether the pods of this service account get everything that they need from the role. */
export function suffices(role: ModelRole, { ipFamily, writesLogs }: Needs, account: string): boolean {
    const { policyArns } = role;
    const lacksLogs = writesLogs && policyArns !== undefined && missingGrants(policyArns, ipFamily).logs.length > 0;
    return refusedBy(role, ipFamily, account) === undefined && !lacksLogs;
}

/** What the pods of a cluster need. */
interface Needs {
    readonly ipFamily: Subject["ipFamily"];
    readonly writesLogs: boolean;
}

/**
 * What decides whether the engine replaces a role with a generated name, as components/role/replacementTriggers.ts. Undefined for a role
 * that other clusters share: the engine does not replace it.
 */
export function triggerOf(of: RoleArguments): string | undefined {
    const { boundary, wrongIssuer, serviceAccountName, ipFamily = "ipv4", otherIssuers = [] } = of;
    return otherIssuers.length > 0 ? undefined : JSON.stringify([boundary, wrongIssuer, serviceAccountName, ipFamily]);
}

/** Whether the engine updates the role in place, and so asks the hook. */
export function changesInPlace(before: RoleArguments, after: RoleArguments): boolean {
    const rights = ({
        boundary,
        wrongIssuer,
        serviceAccountName,
        ipFamily = "ipv4",
        otherIssuers = [],
    }: RoleArguments) => JSON.stringify([boundary, wrongIssuer, serviceAccountName, ipFamily, otherIssuers]);
    return rights(before) !== rights(after);
}

/** Asks the hook of an update in place. Throws its refusal. */
export function checkInPlace(arn: string, before: RoleArguments, after: RoleArguments, fixedName: boolean): void {
    const { refusal } = checkUpdate({
        arn,
        before: inputsOf(before),
        after: inputsOf(after),
        ownProvider: providerOf(issuerOf(after)).arn,
        namespace: "kube-system",
        fixedName,
    });
    if (refusal !== undefined) {
        throw refusal;
    }
}

export const issuerOf = ({ wrongIssuer }: RoleArguments): string => (wrongIssuer ? WRONG_ISSUER : ISSUER);

function inputsOf(of: RoleArguments) {
    return {
        assumeRolePolicy: JSON.stringify(trustOf(of)),
        ...(of.boundary === undefined ? {} : { permissionsBoundary: of.boundary }),
    };
}

function trustOf(of: RoleArguments): PolicyDocument {
    const providers = [issuerOf(of), ...(of.otherIssuers ?? [])].map(providerOf);
    return trustPolicy(providers, { namespace: "kube-system", name: of.serviceAccountName ?? AWS_NODE });
}

function providerOf(issuer: string): OidcProvider {
    return { arn: `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer}`, issuer, accountId: ACCOUNT, partition: "aws" };
}
