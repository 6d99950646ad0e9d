import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { checkUpdate, type PlannedUpdate, type UpdateSettings } from "../../../../handover/hooks/checkUpdate";
import { leavingIssuer } from "../../../../handover/decide/leavingIssuer";
import { type CarrierSeen, nextCarrier } from "../../../../handover/model/carrier";
import { refusals } from "../../../../handover/model/refusals";
import { carrying, FORMER_ROLE, ROLE } from "../support/worlds";

const SUBJECT = "system:serviceaccount:kube-system:aws-node";
const trust = (...issuers: string[]) =>
    JSON.stringify({
        Statement: issuers.map((issuer) => ({
            Effect: "Allow",
            Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${issuer}` },
            Condition: { StringEquals: { [`${issuer}:sub`]: SUBJECT } },
        })),
    });
const carrier: CarrierSeen = {
    name: "aws-node-1",
    namespace: "kube-system",
    serviceAccount: "aws-node",
    credentials: carrying(ROLE),
};
const bounded: PlannedUpdate = {
    kind: "role",
    arn: ROLE,
    ownIssuer: "own",
    before: {},
    after: { permissionsBoundary: "arn" },
};
const leaving: PlannedUpdate = {
    ...bounded,
    before: { assumeRolePolicy: trust("own", "theirs") },
    after: { assumeRolePolicy: trust("own") },
};
const what = { kind: "role" as const, arn: ROLE, changes: ["it gets another permissions boundary"] };
const refused = refusals.roleNarrowed(what, [carrier]);

/** Checks an update on a cluster with these pods, or that fails with this error. */
async function check(
    update: PlannedUpdate,
    more: Partial<UpdateSettings> = {},
    seen: readonly CarrierSeen[] | Error | "never" | "late" = [carrier],
) {
    const looks: unknown[] = [];
    let asked = 0;
    const settings = () => {
        asked += 1;
        const account = { namespace: "kube-system", accountName: "aws-node" };
        return Promise.resolve({ ...account, fixedName: true, kubeconfig: "the one", ...more });
    };
    const { warnings, refusal } = await checkUpdate(update, settings, (connection, namespaces, impatient, accounts) => {
        looks.push([connection.kubeconfig, namespaces, impatient, ...accounts.map(({ name }) => name)]);
        return seen === "never"
            ? new Promise(() => undefined)
            : seen instanceof Error
              ? Promise.reject(seen)
              : seen === "late"
                ? setTimeout(30).then(() => ({ pods: [carrier], issuer: "own" }))
                : Promise.resolve({ pods: seen, issuer: "own" });
    });
    return { warnings, message: refusal?.message, looks, asked };
}

describe("The check of an update in place", () => {
    it("does not wait for the cluster if nothing is taken away", async () => {
        deepStrictEqual(await check({ ...bounded, after: {} }), {
            warnings: [],
            message: undefined,
            looks: [],
            asked: 0,
        });
    });

    it("refuses while a pod carries the role, in a preview too", async () => {
        for (const [more, impatient] of [
            [{}, false],
            [{ previewSeconds: 5 }, true],
        ] as const) {
            const { warnings, message, looks } = await check(bounded, more);
            deepStrictEqual([warnings, message], [[], refused.message]);
            deepStrictEqual(looks, [["the one", ["kube-system"], impatient]]);
        }
    });

    it("refuses to narrow a role that other clusters share, without a look, since their pods cannot be seen", async () => {
        const shared = { assumeRolePolicy: trust("own", "theirs") };
        const update = { ...bounded, before: shared, after: { ...shared, permissionsBoundary: "arn" } };
        const { warnings, message, looks } = await check(update, { previewSeconds: 5 });
        deepStrictEqual([warnings, looks], [[], []]);
        deepStrictEqual(message, refusals.sharedRoleNarrowed(what, ["theirs"]).message);
    });

    it("only warns in the preview of a role with a generated name, which may be replaced", async () => {
        const { warnings, message } = await check(bounded, { fixedName: false, previewSeconds: 5 });
        deepStrictEqual([warnings, message], [[refused.message], undefined]);
        strictEqual((await check(bounded, { fixedName: false })).message, refused.message);
    });

    it("refuses while a service account that the role trusts gives it to new pods", async () => {
        const next = nextCarrier({ namespace: "kube-system", name: "aws-node" }, ROLE);
        const trusting = { assumeRolePolicy: trust("own") };
        const update = { ...bounded, before: trusting, after: { ...trusting, permissionsBoundary: "arn" } };
        const { message, looks } = await check(update, {}, [next]);
        strictEqual(message, refusals.roleNarrowed(what, [next]).message);
        match(message, /Pods carry the role: each new pod of kube-system\/aws-node\./);
        deepStrictEqual(looks, [["the one", ["kube-system"], false, "aws-node"]]);
    });

    it("asks for no service account that the role does not trust by its name", async () => {
        const any = { assumeRolePolicy: trust("own").replaceAll("aws-node", "*") };
        const { looks } = await check({ ...bounded, before: any, after: { ...any, permissionsBoundary: "arn" } });
        deepStrictEqual(looks, [["the one", ["kube-system"], false]]);
    });

    it("lets the update go on if no pod carries the role, so that a failed first update can be corrected", async () => {
        for (const more of [{}, { previewSeconds: 5 }]) {
            const { warnings, message } = await check(bounded, more, []);
            deepStrictEqual([warnings, message], [[], undefined]);
        }
    });

    it("lets it go on if the pods carry another role", async () => {
        strictEqual(
            (await check(bounded, {}, [{ ...carrier, credentials: carrying(FORMER_ROLE) }])).message,
            undefined,
        );
    });

    it("compares the trust policy by the issuer of the cluster", async () => {
        const before = { assumeRolePolicy: trust("own", "theirs") };
        const swapped = { ...leaving, before, after: { assumeRolePolicy: trust("theirs") }, ownIssuer: undefined };
        match((await check(swapped)).message ?? "", /^\[role-narrowed\]/);
    });

    it("refuses an update if the pods cannot be read, and a preview warns", async () => {
        const expected = refusals.roleNarrowedUnseen(what, "no route").message;
        const failing = new Error("no route");
        deepStrictEqual((await check(bounded, {}, failing)).message, expected);
        const { warnings, message } = await check(bounded, { previewSeconds: 5 }, failing);
        deepStrictEqual([warnings, message], [[expected], undefined]);
    });

    it("does not read the pods if something is not known yet", async () => {
        const { warnings, looks } = await check(bounded, { previewSeconds: 0, unread: "kubeconfig is not known yet" });
        match(warnings[0] ?? "", /could not be read: kubeconfig is not known yet\./);
        deepStrictEqual(looks, []);
    });

    it("keeps to the time limit of a preview", async () => {
        const { warnings } = await check(bounded, { previewSeconds: 0.01 }, "never");
        match(warnings[0] ?? "", /could not be read: no answer within 0\.01 s\./);
    });

    it("waits for the cluster within that time, and as long as needed in an update", async () => {
        for (const more of [{ previewSeconds: 5 }, {}]) {
            strictEqual((await check(bounded, more, "late")).message, refused.message);
        }
    });

    it("names the command for each cluster that leaves, whether the pods of this one can be read or not", async () => {
        for (const seen of [[carrier], new Error("no route")]) {
            const { warnings, message } = await check(leaving, {}, seen);
            deepStrictEqual(warnings, [leavingIssuer(ROLE, { issuer: "theirs", subject: SUBJECT })]);
            strictEqual(message, undefined);
        }
    });

    it("refuses a policy with fewer actions, whatever role the pods carry", async () => {
        const policy = (Action: string) => JSON.stringify({ Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
        const update: PlannedUpdate = {
            ...bounded,
            kind: "policy",
            arn: "arn:policy",
            before: { policy: policy("ec2:A") },
            after: { policy: policy("ec2:B") },
        };
        const { message, looks } = await check(update);
        deepStrictEqual(looks, [["the one", ["kube-system"], false, "aws-node"]]);
        match(
            message ?? "",
            /^\[role-narrowed\] The update would change the policy arn:policy in place: it no longer grants ec2:A\./,
        );
        const unnamed = await check(update, { accountName: undefined });
        deepStrictEqual(unnamed.looks, [["the one", ["kube-system"], false]]);
    });
});

describe("The line for a cluster whose issuer leaves", () => {
    it("has the command that must print nothing there", () => {
        const line = leavingIssuer(ROLE, { issuer: "oidc.example", subject: "system:serviceaccount:cni:agent" });
        match(
            line,
            /^The role arn:aws:iam::111122223333:role\/cni stops trusting the cluster with the issuer oidc\.example\./,
        );
        const command =
            "kubectl --kubeconfig FILE get pods -n cni -o custom-columns='POD:.metadata.name,VARIABLE:.spec.containers[*]" +
            `.env[?(@.value=="${ROLE}")].name' --no-headers | grep AWS_ROLE_ARN`;
        strictEqual(line.endsWith(`this command must print nothing: ${command}`), true, line);
    });

    it("looks into kube-system if the role trusted more than a service account", () => {
        match(leavingIssuer(ROLE, { issuer: "oidc.example", subject: "" }), / get pods -n kube-system /);
    });
});
