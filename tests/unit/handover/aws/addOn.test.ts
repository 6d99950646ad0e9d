import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { isBusy } from "../../../../handover/model/addOn";
import { AwsFailure, useAws } from "./fakeAws";

const notFound = new AwsFailure("ResourceNotFoundException", "No addon: vpc-cni found in cluster: prod", 404);
const denied = (action: string) =>
    new AwsFailure("AccessDeniedException", `User: arn is not authorized to perform: ${action} on resource: r`, 403);
const NOTHING = {
    is: "there",
    clusterName: "prod",
    status: "",
    roleArn: undefined,
    configurationValues: undefined,
    health: [],
    modifiedAt: undefined,
};

describe("The managed add-on, as EKS describes it,", () => {
    const aws = useAws();
    const read = () => aws.connect().addOn("prod");

    it("has a status, a role, a version, a configuration, health issues and the time of its last change", async () => {
        const addon = {
            addonName: "vpc-cni",
            status: "DEGRADED",
            serviceAccountRoleArn: "arn:role",
            addonVersion: "v1.19.0-eksbuild.1",
            configurationValues: '{"env":{}}',
            health: {
                issues: [{ code: "AccessDenied", message: "no" }, { code: "Unknown" }, { message: "only words" }],
            },
            modifiedAt: 1_700_000_000,
        };
        aws.answer({ "eks:DescribeAddon": () => ({ addon }) });
        deepStrictEqual(await read(), {
            is: "there",
            clusterName: "prod",
            status: "DEGRADED",
            roleArn: "arn:role",
            configurationValues: '{"env":{}}',
            health: ["AccessDenied: no", "Unknown", "only words"],
            modifiedAt: 1_700_000_000_000,
        });
        deepStrictEqual([aws.calls[0]?.parameters["2"], aws.calls[0]?.parameters["4"]], ["prod", "vpc-cni"]);
    });

    it("may say next to nothing", async () => {
        aws.answer({ "eks:DescribeAddon": () => ({}) });
        deepStrictEqual(await read(), NOTHING);
        aws.answer({ "eks:DescribeAddon": () => ({ addon: { serviceAccountRoleArn: "", configurationValues: "" } }) });
        deepStrictEqual(await read(), NOTHING);
    });

    it("is missing by EKS's own word only", async () => {
        aws.answer({ "eks:DescribeAddon": () => notFound });
        deepStrictEqual(await read(), { is: "missing", clusterName: "prod" });
    });

    it("is unread without the right", async () => {
        aws.answer({ "eks:DescribeAddon": () => denied("eks:DescribeAddon") });
        const why =
            "AWS rejected eks:DescribeAddon: User: arn is not authorized to perform: eks:DescribeAddon on resource: r";
        deepStrictEqual(await read(), {
            is: "unread",
            call: { action: "eks:DescribeAddon", cause: "denied", why },
        });
    });

    it("is unread where EKS does not know the call", async () => {
        aws.answer({
            "eks:DescribeAddon": () => new AwsFailure("UnknownOperationException", "Unknown operation", 404),
        });
        const why = "EKS does not support the call eks:DescribeAddon: Unknown operation";
        deepStrictEqual(await read(), {
            is: "unread",
            call: { action: "eks:DescribeAddon", cause: "unsupported", why },
        });
    });

    it("is busy while EKS creates, updates or deletes it", () => {
        const states = ["CREATING", "UPDATING", "DELETING"];
        const others = ["ACTIVE", "DEGRADED", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", ""];
        deepStrictEqual(
            [...states, ...others].map((status) => isBusy({ status })),
            [...states.map(() => true), ...others.map(() => false)],
        );
    });
});

describe("An update of the managed add-on", () => {
    const aws = useAws();
    const base = { clusterName: "prod", configurationValues: '{"env":{}}', clientRequestToken: "token" };
    const sent = () => JSON.parse(aws.calls.at(-1)?.parameters["body"] ?? "{}") as unknown;

    it("states the role and the configuration, and keeps what others have set", async () => {
        aws.answer({ "eks:UpdateAddon": () => ({ update: { id: "u-1", status: "InProgress" } }) });
        deepStrictEqual(await aws.connect().updateAddOn({ ...base, roleArn: "arn:role" }), {
            is: "sent",
            updateId: "u-1",
        });
        deepStrictEqual(sent(), {
            serviceAccountRoleArn: "arn:role",
            configurationValues: '{"env":{}}',
            resolveConflicts: "PRESERVE",
            clientRequestToken: "token",
        });
        deepStrictEqual([aws.calls[0]?.parameters["2"], aws.calls[0]?.parameters["4"]], ["prod", "vpc-cni"]);
    });

    it("leaves a role out that is to go, and a configuration that there is none of", async () => {
        aws.answer({ "eks:UpdateAddon": () => ({}) });
        const update = { ...base, roleArn: undefined, configurationValues: undefined };
        deepStrictEqual(await aws.connect().updateAddOn(update), { is: "sent", updateId: "" });
        deepStrictEqual(sent(), { resolveConflicts: "PRESERVE", clientRequestToken: "token" });
    });

    it("may find EKS busy with another one", async () => {
        const busy = new AwsFailure("ResourceInUseException", "Addon vpc-cni is being updated", 409);
        aws.answer({ "eks:UpdateAddon": () => busy });
        deepStrictEqual(await aws.connect().updateAddOn({ ...base, roleArn: "arn:role" }), {
            is: "busy",
            why: "Addon vpc-cni is being updated",
        });
    });

    it("may find the add-on deleted, also while EKS updates it", async () => {
        const gone = new AwsFailure("ResourceNotFoundException", "No addon: vpc-cni found", 404);
        aws.answer({ "eks:UpdateAddon": () => gone, "eks:DescribeUpdate": () => gone });
        deepStrictEqual(await aws.connect().updateAddOn({ ...base, roleArn: "arn:role" }), {
            is: "missing",
            why: "No addon: vpc-cni found",
        });
        deepStrictEqual(await aws.connect().addOnUpdate("prod", "u-1"), {
            status: "Missing",
            errors: ["No addon: vpc-cni found"],
        });
    });

    it("is refused without the right", async () => {
        aws.answer({ "eks:UpdateAddon": () => denied("iam:PassRole") });
        await rejects(aws.connect().updateAddOn({ ...base, roleArn: "arn:role" }), { code: "aws-access-denied" });
    });

    it("is not taken for one of a deleted add-on without the right to follow it", async () => {
        aws.answer({ "eks:DescribeUpdate": () => denied("eks:DescribeUpdate") });
        await rejects(aws.connect().addOnUpdate("prod", "u-1"), { code: "aws-access-denied" });
    });

    it("is followed by its ID, and by the name of the add-on", async () => {
        const errors = [
            { errorCode: "ConfigurationConflict", errorMessage: "Conflicts found" },
            { errorCode: "Unknown" },
        ];
        aws.answer({ "eks:DescribeUpdate": () => ({ update: { status: "Failed", errors } }) });
        deepStrictEqual(await aws.connect().addOnUpdate("prod", "u-1"), {
            status: "Failed",
            errors: ["ConfigurationConflict: Conflicts found", "Unknown"],
        });
        const { parameters } = aws.calls[0] ?? {};
        deepStrictEqual([parameters?.["2"], parameters?.["4"], parameters?.["addonName"]], ["prod", "u-1", "vpc-cni"]);
    });

    it("goes on while EKS says nothing of it", async () => {
        for (const answer of [{}, { update: {} }]) {
            aws.answer({ "eks:DescribeUpdate": () => answer });
            deepStrictEqual(await aws.connect().addOnUpdate("prod", "u-1"), { status: "InProgress", errors: [] });
        }
    });
});

describe("Whether a role may be passed to EKS", () => {
    const aws = useAws();
    const ROLE = "arn:aws:iam::111122223333:role/eks/cni";
    const caller = (Arn: string) => ({ "sts:GetCallerIdentity": () => ({ Account: "111122223333", Arn }) });
    const asRole = caller("arn:aws:sts::111122223333:assumed-role/deploy/session");
    const asUser = caller("arn:aws:iam::111122223333:user/ci");
    const roles = {
        "iam:GetRole": ({ parameters }: { parameters: Record<string, string> }) => ({
            Role: { Arn: `arn:aws:iam::111122223333:role/teams/${parameters["RoleName"] ?? ""}` },
        }),
    };
    const decides = (EvalDecision: string, more: object = {}) => ({
        "iam:SimulatePrincipalPolicy": () => ({
            EvaluationResults: [{ EvalActionName: "iam:PassRole", EvalDecision, ...more }],
        }),
    });
    const ask = () => aws.connect().mayPassRole(ROLE, "eks.amazonaws.com");

    it("is what IAM's simulator says of the caller's role, with its path", async () => {
        aws.answer({ ...asRole, ...roles, ...decides("allowed") });
        strictEqual(await ask(), "allowed");
        const { parameters } = aws.calls.find(({ action }) => action === "iam:SimulatePrincipalPolicy") ?? {};
        strictEqual(parameters?.["PolicySourceArn"], "arn:aws:iam::111122223333:role/teams/deploy");
        strictEqual(parameters["ActionNames.member.1"], "iam:PassRole");
        strictEqual(parameters["ResourceArns.member.1"], ROLE);
        strictEqual(parameters["ContextEntries.member.1.ContextKeyName"], "iam:PassedToService");
        strictEqual(parameters["ContextEntries.member.1.ContextKeyValues.member.1"], "eks.amazonaws.com");
        strictEqual(parameters["ContextEntries.member.2.ContextKeyName"], "iam:PolicyARN");
        strictEqual(
            parameters["ContextEntries.member.2.ContextKeyValues.member.1"],
            "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
        );
    });

    it("is what it says of a user", async () => {
        aws.answer({ ...asUser, ...roles, ...decides("implicitDeny") });
        strictEqual(await ask(), "denied");
        const { parameters } = aws.calls.find(({ action }) => action === "iam:SimulatePrincipalPolicy") ?? {};
        strictEqual(parameters?.["PolicySourceArn"], "arn:aws:iam::111122223333:user/ci");
    });

    it("is unknown if the decision depends on a value that the simulation lacks", async () => {
        aws.answer({ ...asUser, ...roles, ...decides("implicitDeny", { MissingContextValues: ["aws:SourceVpc"] }) });
        strictEqual(await ask(), "unknown");
    });

    it("is unknown for the root user, and for a federated one", async () => {
        aws.answer({ ...caller("arn:aws:iam::111122223333:root"), ...roles, ...decides("allowed") });
        strictEqual(await ask(), "unknown");
        strictEqual(aws.counts()["iam:SimulatePrincipalPolicy"], undefined);
    });

    it("is unknown if the simulator says nothing", async () => {
        aws.answer({ ...asUser, ...roles, "iam:SimulatePrincipalPolicy": () => ({ EvaluationResults: [] }) });
        strictEqual(await ask(), "unknown");
    });

    it("does not matter for a role that is gone", async () => {
        aws.answer({ ...asUser, "iam:GetRole": () => new AwsFailure("NoSuchEntity", "no", 404) });
        strictEqual(await ask(), "gone");
    });

    it("is unknown without the rights to ask", async () => {
        const no = new AwsFailure(
            "AccessDenied",
            "User: arn is not authorized to perform: iam:GetRole on resource: r",
            403,
        );
        aws.answer({ ...asUser, "iam:GetRole": () => no });
        strictEqual(await ask(), "unknown");
        aws.answer({ ...roles, "iam:SimulatePrincipalPolicy": () => no });
        strictEqual(await ask(), "unknown");
        aws.answer({ "iam:SimulatePrincipalPolicy": () => new AwsFailure("InvalidInput", "no", 400) });
        strictEqual(await ask(), "unknown");
    });

    it("stops the run for another failure", async () => {
        aws.answer({ ...asUser, "iam:GetRole": () => new AwsFailure("ServiceFailure", "no", 400) });
        await rejects(ask(), { code: "aws-call-failed" });
    });
});
