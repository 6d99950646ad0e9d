import { PROVIDER_ARN } from "../../support/standIn";
import { Row } from "./rule";

const STEPS = "expected a component that restarts the pods and runs the live checks";
const ROLE_ONLY = { delivery: "external", liveChecks: false };
const OF_ADD_ON = { delivery: "eksAddon" };
const NO_ROLLOUT = { rollout: { enabled: false } };
const NODE_ROLES = { detachFromNodeRoles: ["nodes"] };

const CLUSTER = "arn:aws:eks:us-west-2:111122223333:cluster/blue";
const ELSEWHERE = "arn:aws:eks:us-west-2:444455556666:cluster/blue";
const IN_ACCOUNT = "expected a cluster in the account of oidcProviderArn (account 111122223333, partition aws)";
const OTHER_NODES = "remove it: its nodes cannot have a node role of this account";

const NO_ROLLOUT_GOT = "got rollout.enabled: false, so no pod gets the role; remove rollout.enabled";

function row(title: string, args: object, ...problems: [propertyPath: string, reason: string][]): Row {
    return {
        title,
        args: { oidcProviderArn: PROVIDER_ARN, ...args },
        plain: true,
        problems: problems.map(([propertyPath, reason]) => ({ propertyPath, reason })),
    };
}

/** The rules for the arguments of the live checks in combination with other arguments. */
export const liveCombinationRows: Row[] = [
    row("live checks of a role that another writer delivers", {
        delivery: "external",
        ...NODE_ROLES,
        liveChecks: true,
        rollout: { enabled: true },
    }),
    row("live checks of a role that the managed add-on delivers", {
        ...OF_ADD_ON,
        ...NODE_ROLES,
        liveChecks: undefined,
    }),
    row("the managed add-on without live checks", { ...OF_ADD_ON, liveChecks: false }, [
        "delivery",
        `${STEPS}, got liveChecks: false; remove liveChecks, or remove delivery`,
    ]),
    row("the managed add-on without a rollout", { ...OF_ADD_ON, ...NO_ROLLOUT, liveChecks: undefined }, [
        "delivery",
        `${STEPS}, ${NO_ROLLOUT_GOT}, or remove delivery`,
    ]),
    row("live checks without a rollout", { ...NO_ROLLOUT, liveChecks: true }, [
        "liveChecks",
        `${STEPS}, ${NO_ROLLOUT_GOT}, or remove liveChecks`,
    ]),
    row("node roles to detach from and a role only", { ...ROLE_ONLY, ...NODE_ROLES }, [
        "detachFromNodeRoles",
        `${STEPS}, got liveChecks: false; remove liveChecks, or remove detachFromNodeRoles`,
    ]),
    row("node roles to detach from without a rollout", { ...NO_ROLLOUT, ...NODE_ROLES, liveChecks: undefined }, [
        "detachFromNodeRoles",
        `${STEPS}, ${NO_ROLLOUT_GOT}, or remove detachFromNodeRoles`,
    ]),
    row("node roles to detach from without live checks", { ...NODE_ROLES, liveChecks: false }, [
        "detachFromNodeRoles",
        `${STEPS}, got liveChecks: false; remove liveChecks, or remove detachFromNodeRoles`,
    ]),
    row("an injection guard without node roles to detach from", { injectionGuard: true }, [
        "injectionGuard",
        "expected no value without detachFromNodeRoles (nothing is detached then), got true; " +
            "add detachFromNodeRoles, or remove injectionGuard",
    ]),
    row("no injection guard, and no node roles to detach from", { injectionGuard: false }),
    row("a cluster of the account that is handed over", {
        ...NODE_ROLES,
        liveChecks: undefined,
        handedOverClusterArns: [CLUSTER],
    }),
    {
        ...row(
            "clusters of another account and of another partition",
            {
                ...NODE_ROLES,
                liveChecks: undefined,
                handedOverClusterArns: [CLUSTER, ELSEWHERE, CLUSTER.replace("arn:aws:", "arn:aws-cn:")],
            },
            ["handedOverClusterArns[1]", `${IN_ACCOUNT}, got "${ELSEWHERE}"; ${OTHER_NODES}`],
            [
                "handedOverClusterArns[2]",
                `${IN_ACCOUNT}, got "${CLUSTER.replace("arn:aws:", "arn:aws-cn:")}"; ${OTHER_NODES}`,
            ],
        ),
        plain: false,
    },
    row("the other arguments of the live checks without them, as a program may share them", {
        liveChecks: false,
        kubeconfig: "clusters: []",
        aws: { region: "us-west-2" },
        proof: "off",
        timeouts: { canarySeconds: 1 },
        stableSeconds: 0,
        maxNotReadyNodes: 1,
        forceDestroy: true,
    }),
    row("null for all arguments of the live checks", {
        ...ROLE_ONLY,
        liveChecks: null,
        detachFromNodeRoles: null,
        handedOverClusterArns: null,
        regions: null,
        injectionGuard: null,
        proof: null,
        timeouts: null,
        stableSeconds: null,
        maxNotReadyNodes: null,
        forceDestroy: null,
    }),
];
