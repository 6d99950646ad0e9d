import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { Refusal } from "../../../../handover/model/refusal";
import type { RunContext } from "../../../../handover/observe/runContext";
import { nodeRolesOf, previewHandOver, PreviewInputs } from "../../../../handover/preview/previewHandOver";
import { addOn, eksAlone } from "../support/addOns";
import { associated, associations, seen as seenByAssociation } from "../support/podIdentity";
import { handedOver } from "../support/plans";
import { seen } from "../support/preflights";
import { OTHER_DELIVERY, previewed, readOnlyContext } from "../support/previews";
import {
    BROAD_POLICY,
    CNI_POLICY,
    FORMER_ROLE,
    nodeRole,
    onNodeRole,
    OTHER_POLICY_FIX,
    record,
    ROLE,
    subject,
} from "../support/worlds";

const preview = (context: RunContext, more: Partial<PreviewInputs> = {}) =>
    previewHandOver({ ...previewed, ...more }, 60, ({ subject }) => Promise.resolve({ ...context, subject }));

const NO_PLAN = "There is no plan for the hand-over yet: ";

describe("What a preview tells", () => {
    it("is what the update does, step by step, and what is left then", async () => {
        const broad = { arn: BROAD_POLICY, kind: "broad" as const, sufficient: true };
        const managed = { arn: CNI_POLICY, kind: "cni" as const, sufficient: true };
        deepStrictEqual(
            await preview(readOnlyContext(seen({}, { nodeRoles: [nodeRole({ cniPolicies: [managed, broad] })] }))),
            {
                refuses: false,
                text: [
                    "Plan for the cluster:",
                    "  [annotate] The service account kube-system/aws-node is annotated with the role.",
                    "  [canary] pod-n1 on n1, a node of nodes, restarts first and is watched for 20 s.",
                    "  [restart] 2 more pods restart in waves of up to 1, about 1 minute in all: pod-n2, pod-n3.",
                    "  [guard] The admission policy guard is created. From then on it refuses new pods without the role.",
                    `  [detach] ${CNI_POLICY} is detached from nodes once every pod carries the role.`,
                    "Remaining steps after the update:",
                    `  [other-policy] nodes also holds ${BROAD_POLICY}, which also grants actions of the CNI. ${OTHER_POLICY_FIX}`,
                ].join("\n"),
            },
        );
    });

    it("is the plan alone where nothing is left", async () => {
        const plan = await preview(readOnlyContext(seen()));
        deepStrictEqual(
            plan.text.split("\n").map((line) => /\[[a-z]+\]/.exec(line)?.[0] ?? line),
            ["Plan for the cluster:", "[annotate]", "[canary]", "[restart]", "[guard]", "[detach]"],
        );
    });

    it("is that no pod restarts where nothing moves", async () => {
        deepStrictEqual(await preview(readOnlyContext(handedOver())), {
            refuses: false,
            text: "Plan for the cluster:\n  [no-restart] No pod restarts.",
        });
    });

    it("is the reason why the update would refuse", async () => {
        const plan = await preview(readOnlyContext(seen({ serviceAccount: undefined })));
        strictEqual(plan.refuses, true);
        const [title, reason] = plan.text.split("\n");
        strictEqual(title, "The update would stop, for this reason:");
        ok(reason?.startsWith("  [service-account-missing] There is no service account kube-system/aws-node."), reason);
    });

    it("is the add-on with another role, also where the credential guard does not act", async () => {
        const withAddOn = { "other delivery": () => Promise.resolve({ ...OTHER_DELIVERY, addOnRoleArn: FORMER_ROLE }) };
        const attachedAgain = handedOver({}, { nodeRoles: [nodeRole()] });
        for (const more of [{}, { record, canaryActs: false }]) {
            const plan = await preview(readOnlyContext(attachedAgain, [], withAddOn), more);
            strictEqual(plan.refuses, true);
            const codes = plan.text.match(/\[[a-z-]+\]/g);
            deepStrictEqual(codes, ["[add-on-owns-the-role]"]);
        }
    });

    it("is that the add-on gives up the role, if the add-on has delivered it", async () => {
        const former = { record: { ...record, addOnDelivered: true }, policiesAdded: [], policiesRemoved: [] };
        const world = handedOver({ serviceAccount: eksAlone });
        const context = readOnlyContext(world, [], { "the add-on": () => Promise.resolve(addOn(ROLE)) });
        const { text } = await preview(context, { former });
        ok(text.includes(`  [add-on] The managed add-on vpc-cni gives up ${ROLE}, and leaves`), text);
    });

    it("is the other component that owns the annotation, unless that is what this one was before it was renamed", async () => {
        const roleArnOwners = ["eks-cni/shop/prod/cni"];
        const account = handedOver().cluster.serviceAccount;
        const world = handedOver({ serviceAccount: account && { ...account, roleArnOwners } });
        const plan = await preview(readOnlyContext(world));
        ok(plan.text.includes("[another-component]"), plan.text);
        const formerFieldManagers = ["eks-cni/shop/prod/vpc", "eks-cni/shop/prod/cni"];
        strictEqual((await preview(readOnlyContext(world), { formerFieldManagers })).refuses, false);
    });

    it("is looked for under the first names of a renamed component, which its record has", async () => {
        const former = {
            record: { ...record, fieldManager: "eks-cni/shop/prod/first", injectionGuardName: "first" },
            policiesAdded: [],
            policiesRemoved: [],
        };
        const opened: string[][] = [];
        await previewHandOver({ ...previewed, former }, 60, ({ subject: { fieldManager, injectionGuardName } }) => {
            opened.push([fieldManager, injectionGuardName]);
            return Promise.resolve(readOnlyContext(handedOver()));
        });
        deepStrictEqual(opened, [["eks-cni/shop/prod/first", "first"]]);
    });

    it("is that the node role keeps its policies for a writing action that nothing decides, and that a DryRun may", async () => {
        const undecided = {
            "the undecided actions": () => Promise.resolve({ actions: ["ec2:CreateTags"], why: "Why.", fix: "Fix." }),
        };
        const lines = async (context: RunContext, of = subject) =>
            (await preview(context, { subject: of })).text.split("\n");
        const said = await lines(readOnlyContext(seen(), [], undecided));
        ok(!said.some((line) => line.startsWith("  [detach]")), said.join("\n"));
        deepStrictEqual(said.slice(said.indexOf("Remaining steps after the update:") + 1), [
            `  [unproved] nodes keeps ${CNI_POLICY}. Why. A preview makes no DryRun as the role. ` +
                'The update makes it, unless proof is "off", and it may decide. Fix.',
        ]);
        // The pods of an association have no token to try.
        const world = seenByAssociation(onNodeRole, { account: { associations: associations() } });
        const listed = { ...undecided, associations: () => Promise.resolve(associations()) };
        const byAssociation = await lines(readOnlyContext(world, [], listed), associated);
        strictEqual(byAssociation.at(-1), `  [unproved] nodes keeps ${CNI_POLICY}. Why. Fix.`);
    });

    it("is each of several reasons", async () => {
        const plan = await preview(readOnlyContext(seen({ serviceAccount: undefined, daemonSet: undefined })));
        const codes = plan.text.match(/\[[a-z-]+\]/g);
        ok(plan.text.startsWith("The update would stop, for 2 reasons:\n"), plan.text);
        deepStrictEqual(codes, ["[service-account-missing]", "[daemon-set-missing]"]);
    });
});

describe("A preview", () => {
    it("looks once, asks for no token, and closes the access to the cluster", async () => {
        const called: string[] = [];
        await preview(readOnlyContext(seen(), called));
        deepStrictEqual(called, [
            "identity",
            "caller",
            "look at the cluster",
            "look at the account",
            "issuer",
            "the cluster's name",
            "other delivery",
            "the undecided actions",
            "resource controllers",
            "close",
        ]);
    });

    it("looks for the legacy controllers of Windows pods if a policy leaves a node role", async () => {
        const found = { "resource controllers": () => Promise.resolve(["n2"]) };
        for (const isNewRole of [false, true]) {
            const { text } = await preview(readOnlyContext(seen(), [], found), { isNewRole });
            ok(text.includes("[vpc-resource-controller] kube-system/vpc-resource-controller, "), text);
        }
    });

    it("asks nothing about a role that the update creates, or where no policy leaves a node role", async () => {
        const asks = async (more: Partial<PreviewInputs>, world = seen()) => {
            const called: string[] = [];
            await preview(readOnlyContext(world, called), more);
            return called.includes("the undecided actions");
        };
        deepStrictEqual(await asks({ isNewRole: true }), false);
        deepStrictEqual(await asks({ detachFromNodeRoles: undefined }), false);
        deepStrictEqual(await asks({}, handedOver()), false);
        deepStrictEqual(await asks({}), true);
    });

    it("tells in one line why it could not look, and what to do, and closes the access to the cluster", async () => {
        const called: string[] = [];
        const unreachable = new Refusal("cluster-unreachable", "No answer.", "It means something.", "Fix it.");
        const context = readOnlyContext(seen(), called, { identity: () => Promise.reject(unreachable) });
        deepStrictEqual(await preview(context), {
            refuses: false,
            text: `${NO_PLAN}[cluster-unreachable] No answer. It means something. Fix it.`,
        });
        deepStrictEqual(called, ["identity", "close"]);
    });

    it("shows an unexpected error, too", async () => {
        const context = readOnlyContext(seen(), [], { identity: () => Promise.reject(new Error("broken")) });
        deepStrictEqual(await preview(context), { refuses: false, text: `${NO_PLAN}broken` });
    });

    it("shows that a kubeconfig cannot be read", async () => {
        const plan = await previewHandOver({ ...previewed, kubeconfig: "nonsense: [" }, 60);
        ok(plan.text.startsWith(`${NO_PLAN}[kubeconfig-invalid] `), plan.text);
    });

    it("waits for an answer within its limit", async () => {
        const late = { identity: () => setTimeout(30).then(() => Promise.reject(new Error("late"))) };
        deepStrictEqual((await preview(readOnlyContext(seen(), [], late))).text, `${NO_PLAN}late`);
    });

    it("reads the node roles that are recorded, and those that the program names", () => {
        deepStrictEqual(nodeRolesOf({ record: undefined, detachFromNodeRoles: undefined }), []);
        deepStrictEqual(nodeRolesOf({ record, detachFromNodeRoles: undefined }), ["nodes"]);
        deepStrictEqual(nodeRolesOf({ record, detachFromNodeRoles: ["gpu", "nodes"] }), ["nodes", "gpu"]);
    });

    it("waits no longer than its limit", async () => {
        const context = readOnlyContext(seen(), [], { identity: () => new Promise(() => undefined) });
        const plan = await previewHandOver(previewed, 0.02, () => Promise.resolve(context));
        deepStrictEqual(plan, { refuses: false, text: `${NO_PLAN}no answer within 0.02 s` });
    });
});
