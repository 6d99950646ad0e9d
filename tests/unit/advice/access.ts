/** The advice of a run that cannot read or change the cluster or the account, and of one that cannot prove the role. */
import {
    AWS_FAILURES,
    CLUSTER_FAILURES,
    deniedByOrganization,
    expiredInTheState,
    OTHER_AWS_FAILURES,
    PROOF_FAILURES,
    refusedAttachment,
} from "./failures";
import { AdviceScenario, CNI_POLICY, Play } from "./play";

/** An update that acts on a cluster that was handed over. */
const acts = (play: Play) => play.set({ roleName: "next" });

async function fails(play: Play, what: "cluster" | "aws", failure: () => Promise<Error>): Promise<void> {
    const error = await failure();
    play.world.conditions.fails = (call) => (call.startsWith(what) ? error : undefined);
}

const restored = ({ world }: Play) => delete world.conditions.fails;

/** The words with which each message says what to do. */
const CLUSTER_ADVICE: Readonly<Record<keyof typeof CLUSTER_FAILURES, string>> = {
    "cluster-unreachable":
        "Check `kubeconfig` and the network to the cluster: `kubectl get --raw /readyz` must print ok.",
    "cluster-throttled": "Run the same command again later.",
    "cluster-credentials-missing": "log in with `aws sso login`",
    "cluster-credentials-expired": "`aws eks update-kubeconfig --name prod` writes one",
    "cluster-credentials-refused": "`aws eks list-access-entries --cluster-name prod` shows who has it",
    "cluster-access-denied": "`kubectl auth can-i get namespaces/kube-system` must print yes.",
    "cluster-refuses": "Fix the problem that the API server names, and run again.",
    "kubeconfig-invalid": "Set `kubeconfig` to the text of a kubeconfig",
};

const failureOf = (code: string) => CLUSTER_FAILURES[code] ?? (() => Promise.reject(new Error(code)));

/** A living cluster must stay whole, however its access fails. */
const NO_PROOF_THAT_IT_IS_GONE = Object.keys(CLUSTER_FAILURES).filter(
    (code) => !["cluster-throttled", "cluster-refuses"].includes(code),
);

export const CLUSTER_ACCESS: AdviceScenario[] = [
    ...Object.entries(CLUSTER_FAILURES).flatMap(([code, failure]): AdviceScenario[] => [
        {
            code,
            title: "an update",
            handedOver: true,
            command: "up",
            trouble: (play) => (acts(play), fails(play, "cluster", failure)),
            advice: [CLUSTER_ADVICE[code] ?? "?"],
            follow: restored,
        },
        {
            code,
            title: "in the middle of the canary",
            handedOver: true,
            command: "up",
            trouble: async (play) => {
                acts(play);
                const error = await failure();
                play.world.onNextPod = () => {
                    play.world.conditions.fails = (call) => (call.startsWith("cluster") ? error : undefined);
                };
            },
            advice: [CLUSTER_ADVICE[code] ?? "?"],
            follow: restored,
        },
    ]),
    ...NO_PROOF_THAT_IT_IS_GONE.flatMap((code): AdviceScenario[] => [
        {
            code,
            title: "a destroy",
            handedOver: true,
            command: "destroy",
            trouble: (play) => fails(play, "cluster", failureOf(code)),
            advice: ["Restore access to the cluster, and run pulumi destroy again", CLUSTER_ADVICE[code] ?? "?"],
            follow: restored,
        },
        {
            code,
            title: "a destroy of a cluster that no longer exists",
            handedOver: true,
            command: "destroy",
            trouble: async (play) => {
                [...play.world.nodes].forEach((node) => play.world.lose(node));
                await fails(play, "cluster", failureOf(code));
            },
            advice: [
                "aws eks describe-cluster --name prod",
                "set forceDestroy: true, run pulumi up, then pulumi destroy",
            ],
            follow: async (play) => {
                play.set({ forceDestroy: true });
                // EKS answers ResourceNotFoundException, as the message asks to check, and no server answers any more.
                await fails(play, "cluster", failureOf("cluster-unreachable"));
            },
            again: ["up", "destroy"],
        },
    ]),
    {
        code: "cluster-credentials-expired",
        title: "a destroy, with the token of the state",
        handedOver: true,
        command: "destroy",
        trouble: (play) => fails(play, "cluster", expiredInTheState),
        // tests/unit/handover/kubernetes/storedKubeconfig.test.ts follows it with a kubeconfig.
        advice: [
            "Run `aws eks update-kubeconfig --name prod`, and then the same Pulumi command again",
            "Another token in the program does not help",
        ],
        follow: restored,
    },
    ...NO_PROOF_THAT_IT_IS_GONE.filter((code) => code !== "cluster-unreachable").map((code): AdviceScenario => ({
        code,
        title: "forceDestroy on a cluster that lives",
        handedOver: true,
        command: "destroy",
        trouble: async (play) => {
            play.set({ forceDestroy: true });
            await play.run("up");
            await fails(play, "cluster", failureOf(code));
        },
        advice: [CLUSTER_ADVICE[code] ?? "?", "Then run pulumi destroy again."],
        follow: (play) => {
            restored(play);
            play.set({ forceDestroy: false });
        },
        again: ["up", "destroy"],
    })),
];

const AWS_ADVICE: Readonly<Record<keyof typeof AWS_FAILURES, string>> = {
    "aws-access-denied": "Allow iam:GetRole for this identity",
    "aws-call-failed": "fix its cause, and run the same command again",
    "aws-credentials-expired": "`aws sso login`",
    "aws-credentials-missing": "`pulumi config set aws:profile PROFILE`",
    "aws-credentials-refused": "`aws sts get-caller-identity`",
    "aws-throttled": "Run the same command again later.",
    "aws-unreachable": "Check network, proxy, region and endpoints, and run the same command again.",
    "aws-region-unknown": "Run `pulumi config set aws:region REGION`",
};

export const AWS_ACCESS: AdviceScenario[] = [
    ...Object.entries(AWS_FAILURES).flatMap(([code, failure]): AdviceScenario[] =>
        (["up", "destroy"] as const).map((command) => ({
            code,
            title: `in ${command}`,
            handedOver: true,
            command,
            trouble: (play) => (acts(play), fails(play, "aws", failure)),
            advice: [AWS_ADVICE[code] ?? "?"],
            follow: restored,
        })),
    ),
    ...Object.entries(AWS_FAILURES).map(([code, failure]): AdviceScenario => ({
        code,
        title: "between the first and the second policy of a hand-back",
        handedOver: true,
        command: "destroy",
        trouble: async ({ world }) => {
            const error = await failure();
            world.conditions.fails = (call) => (call === "aws.attach" && world.isAttached("a") ? error : undefined);
        },
        advice: [AWS_ADVICE[code] ?? "?"],
        follow: restored,
    })),
    ...OTHER_AWS_FAILURES.flatMap(([code, advice, failure]): AdviceScenario[] =>
        (["up", "destroy"] as const).map((command) => ({
            code,
            title: `"${advice}" in ${command}`,
            handedOver: true,
            command,
            trouble: (play) => (acts(play), fails(play, "aws", failure)),
            advice: [advice],
            follow: restored,
        })),
    ),
    {
        code: "aws-policy-quota",
        handedOver: true,
        command: "destroy",
        trouble: (play) => failsToAttach(play),
        advice: [
            "or detach a policy that the nodes do not need. Then run the same command again.",
            `aws iam attach-role-policy --role-name a --policy-arn ${CNI_POLICY}`,
        ],
        follow: restored,
    },
];

async function failsToAttach(play: Play): Promise<void> {
    const error = await refusedAttachment("LimitExceeded", "a", CNI_POLICY);
    play.world.conditions.fails = (call) => (call === "aws.attach" ? error : undefined);
}

export const PROOF: AdviceScenario[] = [
    ...Object.entries(PROOF_FAILURES).map(([code, proof]): AdviceScenario => ({
        code,
        handedOver: true,
        command: "up",
        trouble: (play) => {
            acts(play);
            play.world.conditions.proof = proof;
        },
        advice: [
            {
                "sts-region-inactive": "Activate it in the role's account",
                "provider-missing": "aws iam create-open-id-connect-provider --url",
            }[code] ?? "Fix the cause, and run the same command again.",
        ],
        follow: ({ world }) => delete world.conditions.proof,
    })),
    ...(["sts-unreachable", "trust-refused", "permission-missing"] as const).map((code): AdviceScenario => ({
        code,
        title: "the canary decides",
        handedOver: true,
        command: "up",
        trouble: (play) => {
            acts(play);
            play.world.conditions.proof = PROOF_FAILURES[code];
        },
        advice: ['or proof: "off"; the canary still runs'],
        follow: (play) => play.set({ proof: "off" }),
    })),
    ...[
        {
            advice: "its owner has to allow these actions for the role. Then run pulumi up --refresh.",
            follow: ({ world }: Play): unknown => delete world.conditions.proof,
        },
        {
            advice: 'If it admits the nodes by their addresses, set proof: "off", and the canary decides.',
            follow: (play: Play): unknown => play.set({ proof: "off" }),
        },
    ].map(({ advice, follow }): AdviceScenario => ({
        code: "permission-missing",
        title: `a service control policy: ${advice}`,
        handedOver: true,
        command: "up",
        trouble: (play) => {
            acts(play);
            play.world.conditions.proof = deniedByOrganization;
        },
        advice: [advice],
        follow,
    })),
];
