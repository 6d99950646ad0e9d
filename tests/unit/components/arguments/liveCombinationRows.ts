import { PROVIDER_ARN } from "../../support/standIn";
import { Row } from "./rule";

const STEPS = "expected the service account annotated, its pods restarted and each step looked at";
const ROLE_ONLY = { delivery: "roleOnly" };
const NO_ROLLOUT = { rollout: { enabled: false } };
const NODE_ROLES = { nodeRoleNames: ["nodes"] };

const ROLE_ONLY_GOT = "got delivery roleOnly, which touches no cluster; use delivery serviceAccountPatch";
const NO_ROLLOUT_GOT = "got rollout.enabled false, by which no pod takes the role; remove rollout.enabled";

function row(title: string, args: object, ...problems: [propertyPath: string, reason: string][]): Row {
    return {
        title,
        args: { oidcProviderArn: PROVIDER_ARN, ...args },
        plain: true,
        problems: problems.map(([propertyPath, reason]) => ({ propertyPath, reason })),
    };
}

/** What the arguments of the live checks must be together with the rest. */
export const liveCombinationRows: Row[] = [
    row("live checks of a role only", { ...ROLE_ONLY, liveChecks: true }, [
        "liveChecks",
        `${STEPS}, ${ROLE_ONLY_GOT}, or remove liveChecks`,
    ]),
    row("live checks without a rollout", { ...NO_ROLLOUT, liveChecks: true }, [
        "liveChecks",
        `${STEPS}, ${NO_ROLLOUT_GOT}, or remove liveChecks`,
    ]),
    row("node roles to detach from and a role only", { ...ROLE_ONLY, ...NODE_ROLES, liveChecks: undefined }, [
        "nodeRoleNames",
        `${STEPS}, ${ROLE_ONLY_GOT}, or remove nodeRoleNames`,
    ]),
    row("node roles to detach from without a rollout", { ...NO_ROLLOUT, ...NODE_ROLES, liveChecks: undefined }, [
        "nodeRoleNames",
        `${STEPS}, ${NO_ROLLOUT_GOT}, or remove nodeRoleNames`,
    ]),
    row("node roles to detach from without live checks", { ...NODE_ROLES, liveChecks: false }, [
        "nodeRoleNames",
        `${STEPS}, got liveChecks false; remove liveChecks, or remove nodeRoleNames`,
    ]),
    row("an injection guard where no node role gives anything up", { injectionGuard: true }, [
        "injectionGuard",
        "expected nothing without nodeRoleNames, since no node role gives anything up then, got true; " +
            "add nodeRoleNames, or remove injectionGuard",
    ]),
    row("no injection guard where no node role gives anything up", { injectionGuard: false }),
    row("the other arguments of the live checks without them, as a program may share them", {
        liveChecks: false,
        kubeconfig: "clusters: []",
        aws: { region: "us-west-2" },
        proof: "off",
        timeouts: { canarySeconds: 1 },
        stableSeconds: 0,
        ignoreNotReadyNodes: 1,
        forceDestroy: true,
        release: true,
    }),
    row("null for all arguments of the live checks", {
        ...ROLE_ONLY,
        liveChecks: null,
        nodeRoleNames: null,
        nodeRolePolicyArns: null,
        injectionGuard: null,
        proof: null,
        timeouts: null,
        stableSeconds: null,
        ignoreNotReadyNodes: null,
        forceDestroy: null,
        release: null,
    }),
];
