import { issuerOfUrl, parseOidcProviderArn } from "../../documents/arn";
import type { ServiceAccountName } from "../../documents/trustPolicy";
import type { Subject } from "../../handover/model/subject";
import { CniServiceAccountRoleArgs, Delivery } from "../cniServiceAccountRoleArgs";
import { injectionGuardName } from "./injectionGuardName";

/** The parts of a hand-over's subject, once all of them are known. */
export interface SubjectParts {
    readonly component: string;
    readonly fieldManager: string;
    readonly ipFamily: Subject["ipFamily"];
    readonly roleArn: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly serviceAccount: ServiceAccountName;
    /** The IAM OIDC providers that the role trusts, the cluster's own first. */
    readonly oidcProviderArns: readonly string[];
    /** Empty if the program does not give it. */
    readonly clusterName: string;
    readonly daemonSetName: string;
    /** Undefined: the component annotates the service account. */
    readonly delivery: Subject["delivery"];
    /** The cluster of an association. Missing with another delivery. */
    readonly cluster?: PodIdentityNames;
}

/** The names of an association's cluster. Empty with another delivery. */
export interface PodIdentityNames {
    readonly arn?: string;
    /** Without `https://`. Empty if EKS reports none. */
    readonly issuer?: string;
}

export function handOverSubject({
    oidcProviderArns,
    clusterName,
    delivery,
    cluster: { arn, issuer = "" } = {},
    ...parts
}: SubjectParts): Subject {
    return {
        ...parts,
        injectionGuardName: injectionGuardName(parts.fieldManager),
        issuers: issuer === "" ? oidcProviderArns.flatMap(issuerOf) : [issuer],
        ...(arn === undefined ? {} : { clusterArn: arn }),
        ...(clusterName === "" ? {} : { clusterName }),
        ...(delivery === undefined ? {} : { delivery }),
    };
}

/** The delivery, if it is another one than the component's annotation. */
export function otherDeliveryOf({ delivery }: Pick<CniServiceAccountRoleArgs, "delivery">): Subject["delivery"] {
    return delivery === undefined || delivery === Delivery.ServiceAccountPatch ? undefined : delivery;
}

function issuerOf(providerArn: string): string[] {
    const provider = parseOidcProviderArn(providerArn);
    return provider === undefined ? [] : [issuerOfUrl(provider.issuer)];
}
