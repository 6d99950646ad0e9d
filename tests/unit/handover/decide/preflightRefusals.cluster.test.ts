import { Reason, seen, table } from "../support/preflights";
import { ACCOUNT, daemonSet, formerAccount, ISSUER, otherCarrier, ROLE, subject } from "../support/worlds";

const setting = (name: string, value: string | undefined) => ({ environment: { [name]: value } });
const SKIPS: Reason = ["unsafe-engine-setting", "PULUMI_SKIP_CHECKPOINTS is set."];
const CONTINUES: Reason = ["unsafe-engine-setting", "PULUMI_CONTINUE_ON_ERROR is set."];

table("Settings of the engine", [
    ["are all right when none is there", {}, []],
    ["are refused when no state is written", setting("PULUMI_SKIP_CHECKPOINTS", "true"), [SKIPS]],
    ["are refused when it goes on after errors", setting("PULUMI_CONTINUE_ON_ERROR", "true"), [CONTINUES]],
    ["are read as the engine reads them, 1", setting("PULUMI_SKIP_CHECKPOINTS", "1"), [SKIPS]],
    ["are read as the engine reads them, TRUE", setting("PULUMI_SKIP_CHECKPOINTS", "TRUE"), [SKIPS]],
    ["may be off by false", setting("PULUMI_SKIP_CHECKPOINTS", "false"), []],
    ["may be off by 0", setting("PULUMI_CONTINUE_ON_ERROR", "0"), []],
    ["may be empty", setting("PULUMI_CONTINUE_ON_ERROR", ""), []],
    ["may be unset", setting("PULUMI_CONTINUE_ON_ERROR", undefined), []],
    ["that change nothing here do not matter", setting("PULUMI_SKIP_UPDATE_CHECK", "true"), []],
]);

const noServiceAccount: Reason = ["service-account-missing", "There is no service account kube-system/aws-node."];
const wrongCluster: Reason = ["wrong-cluster", `The cluster's token issuer is other. The role trusts ${ISSUER}.`];
const wrongAccount = (caller: string, role: string): Reason => [
    "wrong-account",
    `The AWS credentials belong to the account ${caller}. The role is in the account ${role}.`,
];

const withFamily = (ipFamily: string) => ({
    otherDelivery: {
        clusterName: "prod",
        ipFamily,
        addOnRoleArn: undefined,
        podIdentityRoleArns: [],
        unread: [],
    },
});

table("The IP family", [
    ["is right where EKS shows the same", withFamily("ipv4"), []],
    [
        "is refused where EKS shows another",
        withFamily("ipv6"),
        [["wrong-ip-family", "The IP family of the EKS cluster prod is ipv6. The program has ipFamily ipv4."]],
    ],
]);

table("The place", [
    ["is refused in another account", { callerAccount: "2" }, [wrongAccount("2", ACCOUNT)]],
    [
        "is refused when the role's ARN names no account",
        { subject: { ...subject, roleArn: "cni" } },
        [wrongAccount(ACCOUNT, "")],
    ],
    ["is refused when tokens come from another issuer", { tokenIssuer: "other" }, [wrongCluster]],
    [
        "is refused when they come from an issuer that is only an additional one",
        { tokenIssuer: "other", subject: { ...subject, issuers: [ISSUER, "other"] } },
        [wrongCluster],
    ],
    ["is not compared where there is no token", { tokenIssuer: undefined }, []],
    ["is not compared where no issuer is known", { subject: { ...subject, issuers: [] } }, []],
    ["is refused without the service account", { world: seen({ serviceAccount: undefined }) }, [noServiceAccount]],
    [
        "is refused where the DaemonSet uses another service account",
        { world: seen({ daemonSet: { ...daemonSet, serviceAccountName: "cni" } }) },
        [
            [
                "service-account-not-used",
                "The pods of the DaemonSet kube-system/aws-node use the service account cni, not aws-node.",
            ],
        ],
    ],
    [
        "is right where it uses this one",
        { world: seen({ daemonSet: { ...daemonSet, serviceAccountName: "aws-node" } }) },
        [],
    ],
    [
        "is refused where pods of a former service account still carry a role",
        {
            subject: { ...subject, formerServiceAccounts: [formerAccount, { ...formerAccount, name: "older" }] },
            world: seen({
                otherCarriers: [
                    { ...otherCarrier("a", ROLE), serviceAccount: formerAccount },
                    { ...otherCarrier("b", ROLE), serviceAccount: { ...formerAccount, namespace: "another" } },
                    otherCarrier("c", ROLE),
                ],
            }),
        },
        [
            [
                "service-account-in-use",
                "The component moves away from the service account kube-system/former, whose pods still carry its role: a.",
            ],
        ],
    ],
    ["is right where only others do", { world: seen({ otherCarriers: [otherCarrier("c", ROLE)] }) }, []],
    [
        "is refused without the DaemonSet",
        { world: seen({ daemonSet: undefined }) },
        [["daemon-set-missing", "There is no DaemonSet kube-system/aws-node."]],
    ],
]);
