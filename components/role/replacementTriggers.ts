import * as pulumi from "@pulumi/pulumi";
import { IPV6_POLICY_GENERATION } from "../../documents/cniPermissions";
import type { ServiceAccountName } from "../../documents/trustPolicy";
import { withKnownPart } from "../arguments/validateArguments";

/** The parts of the role whose change could take something away from its pods. */
export interface RoleParts {
    readonly serviceAccount: pulumi.Output<ServiceAccountName>;
    readonly oidcProviderArn: pulumi.Output<string>;
    /** The cluster whose pods get the role by EKS Pod Identity. Undefined: the role trusts OIDC providers. */
    readonly clusterArn?: pulumi.Output<string> | undefined;
    readonly additionalOidcProviderArns?: pulumi.Output<string[]>;
    readonly permissionsBoundary?: pulumi.Output<string>;
    /** Whether the role gets the component's own IPv6 policy. */
    readonly ipv6Policy: boolean;
}

/**
 * The `replacementTrigger` of the role. If it differs from the last update, the engine replaces the role.
 *
 * The engine updates the role before the credential guard runs, so a change in place could cut off the pods that carry the role
 * before anything is proved. Another role is proved first, and the pods move to it. The trigger consists of everything that can
 * take something away: the cluster's own provider, the service account, the permissions boundary, and the IP family with the
 * generation of the component's own policy. Parts that are not given are absent, so that a new kind of part replaces no role
 * that does without it.
 *
 * A change between web identity and Pod Identity is another role, too: with one update in a run, a role cannot first trust both and then one.
 *
 * Null if a preview does not know a part, and for a role that other clusters share: their pods would stay on a role that the
 * engine deletes. The hook then refuses the change. The engine does not treat null as a change, neither from nor to it.
 *
 * Source: https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/resource/deploy/step_generator.go (shouldTriggerReplace)
 */
export function roleTrigger({
    serviceAccount,
    oidcProviderArn,
    clusterArn,
    additionalOidcProviderArns,
    permissionsBoundary,
    ipv6Policy,
}: RoleParts): pulumi.Output<string | null> {
    // Passed as separate Outputs, so that an unknown one does not hide the others.
    return withKnownPart(
        { serviceAccount, trusted: clusterArn ?? oidcProviderArn, additionalOidcProviderArns, permissionsBoundary },
        (known) => {
            const { namespace, name } = (known["serviceAccount"] ?? {}) as Readonly<Record<string, unknown>>;
            const boundary = known["permissionsBoundary"];
            const parts = [
                known["trusted"],
                namespace,
                name,
                ...(boundary === undefined ? [] : [boundary]),
                ...(ipv6Policy ? [ipv6Part] : []),
            ];
            const others = known["additionalOidcProviderArns"] ?? [];
            const isShared = !Array.isArray(others) || others.length > 0;
            return Promise.resolve(
                !isShared && parts.every((part) => typeof part === "string") ? parts.join(" ") : null,
            );
        },
    );
}

/**
 * The `replacementTrigger` of the component's own IPv6 policy.
 *
 * The engine updates the policy before the credential guard runs, too, so a policy with fewer actions is another policy, and the
 * pods keep the old one until they carry another role. A new `roleName` also creates another policy, since it is the way to make
 * a change that the update refuses in place.
 */
export function policyTrigger(roleName: pulumi.Output<string> | undefined): pulumi.Output<string | null> {
    return withKnownPart({ roleName }, ({ roleName: known }) =>
        Promise.resolve(known === undefined ? ipv6Part : typeof known === "string" ? `${ipv6Part} ${known}` : null),
    );
}

const ipv6Part = `ipv6/${String(IPV6_POLICY_GENERATION)}`;
