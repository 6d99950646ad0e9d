/** The advice of a run that stops before it moves anything. */
import { AUDIENCE_ANNOTATION, SKIP_WEBHOOK_LABEL } from "../../../documents/serviceAccountAnnotations";
import type { UnreadRegion } from "../../../handover/model/world";
import { ROLE_ARN } from "../../model/world";
import { CNI, MINIMAL, WORKER, WORKER_POLICY } from "../handover/support/nodeBoot";
import { AdviceScenario, Play, TWO_MINUTES } from "./play";

const GUARD_ACTS = { roleName: "next" };
const POD_IDENTITY = "AWS_CONTAINER_CREDENTIALS_FULL_URI of container aws-node";
const LEAVE_POD_IDENTITY = [
    "(1) Make sure that the node roles hold the CNI policy. If you attach it now, wait two minutes.",
    "(2) Delete the association:",
    "aws eks delete-pod-identity-association --cluster-name prod --association-id ID",
    "(3) At once, restart the pods",
    "kubectl rollout restart daemonset/aws-node -n kube-system",
];

const preflight = (
    scenario: Omit<AdviceScenario, "command" | "handedOver"> & Partial<AdviceScenario>,
): AdviceScenario => ({
    command: "up",
    handedOver: false,
    ...scenario,
});

/** Another owner delivers a role of its own, and every pod carries it. */
function deliveredBy(play: Play, owner: string): void {
    const arn = play.createRole("theirs");
    play.world.annotate({ [ROLE_ARN]: arn }, owner);
    play.restartPods();
}

/** What the other component's hand-back does. The node roles hold their policies. */
function handedBackByOwner(play: Play): void {
    play.world.annotate({}, undefined);
    play.restartPods();
}

const engine: AdviceScenario[] = ["PULUMI_SKIP_CHECKPOINTS", "PULUMI_CONTINUE_ON_ERROR"].map((name) =>
    preflight({
        code: "unsafe-engine-setting",
        title: name,
        trouble: () => void (process.env[name] = "true"),
        advice: [`Unset ${name} and run again.`],
        follow: () => Reflect.deleteProperty(process.env, name),
    }),
);

const wrongPlace: AdviceScenario[] = [
    preflight({
        code: "wrong-account",
        trouble: ({ world }) => void (world.conditions.callerAccount = "999999999999"),
        advice: ["Use credentials of the role's account: set the argument aws"],
        follow: ({ world }) => delete world.conditions.callerAccount,
    }),
    preflight({
        code: "wrong-cluster",
        trouble: ({ world }) => void (world.conditions.tokenIssuer = "oidc.eks.eu-west-1.amazonaws.com/id/B"),
        advice: ["Use the kubeconfig of the cluster whose OIDC provider the role trusts."],
        follow: ({ world }) => delete world.conditions.tokenIssuer,
    }),
    preflight({
        code: "another-cluster",
        trouble: ({ world }) => void (world.conditions.serviceAccountUid = "of another cluster"),
        advice: ["Use the kubeconfig of this component's cluster for both, and run pulumi up --refresh."],
        follow: ({ world }) => delete world.conditions.serviceAccountUid,
        again: ["up --refresh"],
    }),
    preflight({
        code: "cluster-changed",
        title: "the kubeconfig of another cluster",
        handedOver: true,
        trouble: (play) => {
            play.world.conditions.clusterUid = "another";
            play.set(GUARD_ACTS);
        },
        advice: ["Use the kubeconfig of this component's cluster"],
        follow: ({ world }) => delete world.conditions.clusterUid,
    }),
    preflight({
        code: "cluster-changed",
        title: "the cluster no longer exists",
        handedOver: true,
        trouble: ({ world }) => {
            world.conditions.clusterUid = "another";
            world.conditions.clusterStatus = "gone";
            [...world.nodes].forEach((node) => world.lose(node));
        },
        command: "destroy",
        advice: ["If that cluster no longer exists, set forceDestroy: true, run pulumi up, then pulumi destroy."],
        follow: (play) => play.set({ forceDestroy: true }),
        again: ["up", "destroy"],
    }),
];

const objects: AdviceScenario[] = [
    preflight({
        code: "service-account-not-used",
        trouble: ({ world }) => void (world.conditions.serviceAccountName = "another"),
        advice: ["or rollout.daemonSetName to the DaemonSet that uses aws-node"],
        follow: ({ world }) => delete world.conditions.serviceAccountName,
    }),
    preflight({
        code: "service-account-missing",
        trouble: ({ world }) => void (world.conditions.noServiceAccount = true),
        advice: ["On other clusters install the plugin"],
        follow: ({ world }) => delete world.conditions.noServiceAccount,
    }),
    preflight({
        code: "service-account-missing",
        title: "it was deleted after the hand-over",
        handedOver: true,
        trouble: (play) => {
            play.set(GUARD_ACTS);
            play.world.conditions.noServiceAccount = true;
            play.world.annotate({}, undefined);
        },
        advice: [
            "create it again (kubectl create serviceaccount aws-node -n kube-system), and run pulumi up --refresh",
        ],
        follow: ({ world }) => {
            delete world.conditions.noServiceAccount;
            world.annotate({}, undefined);
        },
    }),
    preflight({
        code: "daemon-set-missing",
        trouble: ({ world }) => void ((world.conditions.noDaemonSet = true), (world.pods = [])),
        advice: ["On other clusters install the plugin"],
        follow: ({ world }) => delete world.conditions.noDaemonSet,
    }),
    preflight({
        code: "daemon-set-missing",
        title: "it was deleted after the hand-over",
        handedOver: true,
        command: "up --refresh",
        trouble: ({ world }) => void ((world.conditions.noDaemonSet = true), (world.pods = [])),
        advice: ["On other clusters install the plugin"],
        follow: (play) => {
            delete play.world.conditions.noDaemonSet;
            play.wait(TWO_MINUTES);
        },
    }),
];

const deliveries: AdviceScenario[] = [
    ...[false, true].map((handedOver) =>
        preflight({
            code: "other-delivery-unread",
            title: handedOver ? "after the hand-over" : "before it",
            handedOver,
            trouble: (play) => {
                play.set(handedOver ? GUARD_ACTS : {});
                play.world.conditions.unread = [{ action: "eks:DescribeAddon", cause: "denied", why: "denied." }];
            },
            advice: ["Allow eks:DescribeAddon for this identity", "and run the same command again"],
            follow: ({ world }) => delete world.conditions.unread,
        }),
    ),
    preflight({
        code: "other-delivery-unread",
        title: "nothing is detached any more",
        handedOver: true,
        trouble: (play) => {
            play.set(GUARD_ACTS);
            play.world.conditions.unread = [{ action: "eks:DescribeAddon", cause: "denied", why: "denied." }];
        },
        advice: ["Or remove detachFromNodeRoles"],
        follow: (play) => play.set({ detachFromNodeRoles: undefined }),
    }),
    preflight({
        code: "annotation-owned-by-another",
        title: "eksctl's annotation",
        trouble: (play) => deliveredBy(play, "eksctl"),
        advice: ["Set overrideExistingServiceAccount: true to take it over, and run pulumi up."],
        follow: (play) => play.set({ overrideExistingServiceAccount: true }),
    }),
    preflight({
        code: "annotation-owned-by-another",
        title: "another writer has taken the annotation of a cluster that was handed over",
        handedOver: true,
        trouble: (play) => {
            deliveredBy(play, "kubectl-annotate");
            play.set(GUARD_ACTS);
        },
        advice: ["Set overrideExistingServiceAccount: true to take it over, and run pulumi up."],
        follow: (play) => play.set({ overrideExistingServiceAccount: true }),
    }),
    preflight({
        code: "annotation-owned-by-another",
        title: "in a destroy",
        handedOver: true,
        command: "destroy",
        trouble: ({ world }) => world.annotate({ [ROLE_ARN]: world.annotations[ROLE_ARN] ?? "" }, "kubectl-annotate"),
        advice: [
            "Wait two minutes. Then remove the annotation",
            `kubectl annotate serviceaccount aws-node -n kube-system ${ROLE_ARN}-`,
        ],
        follow: (play) => {
            play.wait(TWO_MINUTES);
            play.world.annotate({}, undefined);
            play.restartPods();
        },
    }),
    preflight({
        code: "another-component",
        trouble: (play) => deliveredBy(play, "eks-cni/theirs/production/cni"),
        advice: ["First remove that component from its program, and run pulumi up on its stack"],
        follow: handedBackByOwner,
    }),
    preflight({
        code: "another-injection-guard",
        trouble: (play) => {
            // The stack of the other component was deleted: its guard has stayed.
            play.world.guardName = "theirs";
            play.world.guard = ["arn:aws:iam::111122223333:role/theirs"];
        },
        advice: [
            "Remove that component from its program, and run pulumi up on its stack until it succeeds",
            "kubectl delete validatingadmissionpolicybinding/theirs validatingadmissionpolicy/theirs",
        ],
        follow: (play) => {
            play.world.guard = undefined;
            play.restartPods();
        },
    }),
    preflight({
        code: "injection-guard-of-another",
        trouble: ({ world }) => {
            world.conditions.othersGuard = ["kubectl-create"];
        },
        advice: [
            "kubectl delete validatingadmissionpolicybinding/guard validatingadmissionpolicy/guard --ignore-not-found",
        ],
        follow: ({ world }) => {
            delete world.conditions.othersGuard;
        },
    }),
    preflight({
        code: "pod-identity-association",
        trouble: ({ world }) => {
            world.conditions.podIdentityRoleArns = ["arn:aws:iam::111122223333:role/associated"];
        },
        advice: LEAVE_POD_IDENTITY,
        follow: (play) => {
            play.wait(TWO_MINUTES);
            delete play.world.conditions.podIdentityRoleArns;
            play.restartPods();
        },
    }),
    preflight({
        code: "other-credentials",
        title: "of an association that cannot be listed",
        trouble: (play) => {
            play.world.otherCredentials = POD_IDENTITY;
            play.restartPods();
        },
        advice: ["They come from a Pod Identity association.", ...LEAVE_POD_IDENTITY],
        follow: (play) => {
            play.wait(TWO_MINUTES);
            play.world.otherCredentials = undefined;
            play.restartPods();
        },
    }),
    preflight({
        code: "other-credentials",
        title: "of the pod template, on a cluster that was handed over",
        handedOver: true,
        trouble: (play) => {
            // The guard accepts a pod that has the role as well; its keys come first in the SDK's chain.
            play.world.guard = undefined;
            play.world.otherCredentials = "AWS_ACCESS_KEY_ID of container aws-node";
            play.restartPods();
            play.set(GUARD_ACTS);
        },
        advice: [
            "Make sure that the node roles hold the CNI policy. If you attach it now, wait two minutes.",
            "Then remove these credentials from the DaemonSet's pod template.",
        ],
        follow: (play) => {
            ["a", "b"].forEach((role) => play.world.setAttached(role, true));
            play.wait(TWO_MINUTES);
            play.world.otherCredentials = undefined;
            play.restartPods();
        },
        again: ["up --refresh"],
    }),
    preflight({
        code: "webhook-skipped",
        trouble: (play) => void (play.world.conditions.templateLabels = { [SKIP_WEBHOOK_LABEL]: "true" }),
        advice: ["Then remove this setting from the pod template."],
        follow: (play) => {
            delete play.world.conditions.templateLabels;
            play.restartPods();
        },
    }),
    preflight({
        code: "audience-annotation",
        trouble: ({ world }) => world.annotate({ [AUDIENCE_ANNOTATION]: "theirs" }, undefined),
        advice: [`kubectl annotate serviceaccount aws-node -n kube-system ${AUDIENCE_ANNOTATION}-`],
        follow: ({ world }) => world.annotate({}, undefined),
    }),
];

const versions: AdviceScenario[] = [
    preflight({
        code: "network-policy-logs",
        trouble: ({ world }) => void (world.conditions.nodeAgentArguments = ["--enable-cloudwatch-logs=true"]),
        advice: ["to additionalPolicyArns"],
        follow: (play) => play.set({ additionalPolicyArns: ["logs"] }),
    }),
    ...(
        [
            ["a policy is added", "additionalPolicyArns: [policy.arn]", {}, { additionalPolicyArns: ["interfaces"] }],
            [
                "the boundary is changed",
                "Change what overrules it",
                // With a fixed name, role-narrowed has the way.
                { additionalPolicyArns: ["interfaces"], boundary: "too narrow", generatedName: true },
                { boundary: "enough" },
            ],
            ["the setting is changed", "Or change the setting, if the nodes do not need it.", {}, {}],
        ] as const
    ).map(([title, advice, before, change]) =>
        preflight({
            code: "permissions-for-settings",
            title,
            trouble: (play) => {
                play.world.ipFamily = "ipv6";
                play.world.conditions.settings = { ENABLE_MULTI_NIC: true };
                play.set({ ipFamily: "ipv6", ...before });
            },
            advice: [advice],
            follow: (play) => {
                play.world.conditions.settings = Object.keys(change).length === 0 ? {} : { ENABLE_MULTI_NIC: true };
                play.set(change);
            },
        }),
    ),
    preflight({
        code: "network-policy-logs",
        title: "the logs are turned off",
        trouble: ({ world }) => void (world.conditions.nodeAgentArguments = ["--enable-cloudwatch-logs=true"]),
        advice: ["or turn the logs off (--enable-cloudwatch-logs=false)"],
        follow: (play) => {
            play.world.conditions.nodeAgentArguments = ["--enable-cloudwatch-logs=false"];
            play.restartPods();
        },
    }),
    preflight({
        code: "wrong-ip-family",
        trouble: (play) => play.set({ ipFamily: "ipv6", unnamedCluster: true }),
        advice: ['Set ipFamily: "ipv4", and run the update again.'],
        follow: (play) => play.set({ ipFamily: "ipv4" }),
    }),
    preflight({
        code: "cni-too-old",
        trouble: (play) => {
            play.world.ipFamily = "ipv6";
            play.set({ ipFamily: "ipv6" });
            play.world.conditions.images = { "aws-node": "amazon-k8s-cni:v1.9.3" };
        },
        advice: ["Update the Amazon VPC CNI plugin first."],
        follow: (play) => {
            play.world.conditions.images = { "aws-node": "amazon-k8s-cni:v1.19.0" };
            play.restartPods();
        },
    }),
    preflight({
        code: "cluster-too-old",
        title: "the cluster is upgraded",
        trouble: ({ world }) => void (world.conditions.version = { major: 1, minor: 29 }),
        advice: ["Upgrade the cluster first."],
        follow: ({ world }) => delete world.conditions.version,
    }),
    preflight({
        code: "cluster-too-old",
        title: "the node roles keep their policy",
        trouble: ({ world }) => void (world.conditions.version = { major: 1, minor: 29 }),
        advice: ["If only the injection guard needs it, remove detachFromNodeRoles until then"],
        follow: (play) => play.set({ detachFromNodeRoles: undefined }),
    }),
];

/** Pods of another DaemonSet on a node that this one does not select. They use the node role a. */
function otherPodsOn(play: Play, sharesServiceAccount: boolean): void {
    const daemonSet = { namespace: "kube-system", name: "aws-node-arm" };
    const podsOnNodeRole = [{ name: "aws-node-arm-1", daemonSet, sharesServiceAccount }];
    play.world.conditions.otherNodes = [{ name: "arm", instanceId: "i-arm", podsOnNodeRole }];
    play.world.conditions.nodeRoles = { a: { instancesOfCluster: ["i-arm"] } };
}

/** They have a role of their own now. */
function handOverOtherPods({ world: { conditions } }: Play): void {
    conditions.otherNodes = [{ name: "arm", instanceId: "i-arm" }];
}

const notRead = (cause: UnreadRegion["cause"]) => ({
    unreadRegions: [{ region: "eu-north-1", cause, answer: "Denied." }],
});

/** What keeps the update from looking at a region, and each advice of its message. */
const REGION_ADVICE = [
    ["other", "Allow ec2:DescribeInstances there"] as const,
    ["credentials", "Get the credentials from a regional endpoint (AWS_STS_REGIONAL_ENDPOINTS=regional)"] as const,
]
    .flatMap(([cause, advice]) => [
        {
            trouble: ({ world }: Play) => void Object.assign(world.conditions, notRead(cause)),
            advice,
            follow: ({ world }: Play): unknown => delete world.conditions.unreadRegions,
        },
        {
            trouble: ({ world }: Play) => void Object.assign(world.conditions, notRead(cause)),
            advice: "you can also set `regions` to the regions in which instances may use them",
            follow: (play: Play): unknown => play.set({ regions: ["eu-west-1"] }),
        },
    ])
    .concat(
        [
            { advice: "give them another role", follow: ({ world }: Play) => delete world.conditions.nodeRoles },
            {
                advice: "you can also set `regions` to the regions in which instances may use them",
                follow: (play: Play) => play.set({ regions: ["eu-west-1"] }),
            },
        ].map(({ advice, follow }) => ({
            trouble: ({ world }: Play) =>
                void Object.assign(world.conditions, notRead("serviceControlPolicy"), {
                    nodeRoles: { a: { lastUsedIn: ["eu-north-1"] } },
                }),
            advice,
            follow,
        })),
    );

const nodeRoles: AdviceScenario[] = [
    preflight({
        code: "node-role-missing",
        trouble: (play) => {
            play.set({ detachFromNodeRoles: ["a", "b", "c"] });
            play.world.conditions.nodeRoles = { c: { exists: false } };
        },
        advice: ["Correct its name in detachFromNodeRoles, or remove it. The nodes use: a, b."],
        follow: (play) => play.set({ detachFromNodeRoles: ["a", "b"] }),
    }),
    preflight({
        code: "node-role-not-named",
        trouble: (play) => play.set({ detachFromNodeRoles: ["a"] }),
        advice: ['Add "b" to detachFromNodeRoles.'],
        follow: (play) => play.set({ detachFromNodeRoles: ["a", "b"] }),
    }),
    preflight({
        code: "node-role-cannot-boot",
        trouble: ({ world }) => void (world.conditions.nodeRoles = { a: { policies: [MINIMAL, CNI] } }),
        advice: [
            `Run aws iam attach-role-policy --role-name a --policy-arn ${WORKER_POLICY}.`,
            "Then run the same command again.",
        ],
        follow: ({ world }) => void (world.conditions.nodeRoles = { a: { policies: [MINIMAL, WORKER, CNI] } }),
    }),
    preflight({
        code: "node-role-cannot-boot",
        title: "a boundary",
        trouble: ({ world }) =>
            void (world.conditions.nodeRoles = { a: { policies: [WORKER, CNI], boundary: MINIMAL } }),
        advice: ["Change what overrules it: ec2:DescribeInstances on * must be allowed there, and not be denied."],
        follow: ({ world }) => void (world.conditions.nodeRoles = { a: { policies: [WORKER, CNI], boundary: WORKER } }),
    }),
    ...[false, true].flatMap((handedOver) => [
        ...REGION_ADVICE.map(({ trouble, advice, follow }) =>
            preflight({
                code: "aws-region-refused",
                title: `${advice}, ${handedOver ? "after" : "before"} the hand-over`,
                handedOver,
                trouble: (play) => {
                    trouble(play);
                    play.set(GUARD_ACTS);
                },
                advice: [advice],
                follow,
            }),
        ),
        preflight({
            code: "node-role-in-use",
            title: handedOver ? "after the hand-over" : "before the hand-over",
            handedOver,
            trouble: (play) => {
                play.world.conditions.defaultPodsWithoutRole = ["aws-node-1"];
                play.set(GUARD_ACTS);
            },
            advice: ["Or remove detachFromNodeRoles here."],
            follow: (play) => play.set({ detachFromNodeRoles: undefined }),
        }),
        preflight({
            code: "node-role-in-use",
            title: `on other nodes, ${handedOver ? "after" : "before"} the hand-over`,
            handedOver,
            trouble: (play) => {
                otherPodsOn(play, false);
                play.set(GUARD_ACTS);
            },
            advice: [
                "Hand kube-system/aws-node-arm over first, with a component of its own and without detachFromNodeRoles.",
            ],
            follow: handOverOtherPods,
        }),
        preflight({
            code: "node-role-in-use",
            title: `on other nodes, by pods of the same service account, ${handedOver ? "after" : "before"} the hand-over`,
            handedOver,
            trouble: (play) => {
                otherPodsOn(play, true);
                play.set(GUARD_ACTS);
            },
            advice: [
                "Once it has the role's annotation, restart them, which gives them the role: kubectl rollout restart daemonset/aws-node-arm -n kube-system.",
            ],
            follow: handOverOtherPods,
        }),
    ]),
];

export const PREFLIGHT = [...engine, ...wrongPlace, ...objects, ...deliveries, ...versions, ...nodeRoles];
