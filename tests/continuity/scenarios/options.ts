/** Options of the command that single out some of the component's children. */
import * as assert from "node:assert";
import type { Stage } from "../stage";
import { handedOver, noGaps, type Scenario } from "./scenario";

/** The URN of a child in the stack's state. */
function urnOf(stage: Stage, child: string): string {
    const urns = (stage.props.engine.state().resources ?? []).map(({ urn }) => urn);
    const [urn] = urns.filter((name) => name.endsWith(`::cni-${child}`));
    assert.ok(urn !== undefined, `no ${child} in ${urns.join(", ")}`);
    return urn;
}

const flags = (stage: Stage, option: string, ...children: string[]) => ({
    flags: children.flatMap((child) => [option, urnOf(stage, child)]),
});

const anotherRole = (stage: Stage) => stage.arguments({ rolePath: "/cni/" });

const excluded: Scenario = {
    name: "exclude-of-the-guard",
    title: "the update to another role leaves the credential guard out",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 3 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const { flags: exclude } = flags(stage, "--exclude", "credential-guard");
        await stage.fails("up", anotherRole(stage), /\[role-not-approved\].*without --target/s, { flags: exclude });
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", anotherRole(stage));
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const firstWithoutTheGuard: Scenario = {
    name: "exclude-of-the-guard-at-first",
    title: "the first update leaves the credential guard out: the role is delivered to no pod, and the next update continues",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const pods = await stage.pods();
        const guard = "urn:pulumi:continuity::continuity::**::cni-credential-guard";
        await stage.fails("up", stage.arguments(), /\[role-not-approved\]/, { flags: ["--exclude", guard] });
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const withoutTheCanary: Scenario = {
    name: "exclude-of-the-canary",
    title: "the first update leaves the canary out, and one to another role does: no pod restarts, and the next updates continue",
    quick: false,
    bound: { ...noGaps, rollouts: 3, restarts: 3 },
    play: async (stage) => {
        const canary = ["--exclude", "urn:pulumi:continuity::continuity::**::cni-canary"];
        const refused = /\[hand-over-unfinished\].*This run left a live check out/s;
        for (const args of [stage.arguments(), anotherRole(stage)]) {
            const pods = await stage.pods();
            await stage.fails("up", args, refused, { flags: canary });
            assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
            await stage.succeeds("up", args);
            await stage.assertHandedOver();
        }
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const replaced: Scenario = {
    name: "replace-of-single-children",
    title: "each child is replaced by --replace",
    quick: false,
    bound: { ...noGaps, rollouts: 4, restarts: 5 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const children = ["canary", "detachment", "service-account", "daemon-set"];
        for (const child of children) {
            await stage.succeeds("up", stage.arguments(), flags(stage, "--replace", child));
            await stage.assertHandedOver();
        }
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", stage.arguments(), flags(stage, "--replace", "role"));
        await stage.assertHandedOver();
        // The old guard hands back when it is deleted, at the end of the update.
        await stage.succeeds("up", stage.arguments(), flags(stage, "--replace", "credential-guard"));
        await stage.succeeds("up", stage.arguments(), { flags: ["--refresh"] });
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const replacedUnderFixedName: Scenario = {
    name: "replace-of-the-role-under-a-fixed-name",
    title: "the role, which has a fixed name, is replaced by --replace: IAM refuses the second one, and nothing moves",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const args = stage.arguments({ roleName: "cni-fixed" });
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        const pods = await stage.pods();
        const { output } = await stage.fails("up", args, /EntityAlreadyExists/, flags(stage, "--replace", "role"));
        assert.match(output, /run the update without this option/);
        assert.ok("cni-fixed" in stage.currentRoles(), "the update has deleted the role");
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

const targeted: Scenario = {
    name: "target-of-single-children",
    title: "single children are the targets of a destroy, and of an update to another role",
    quick: false,
    bound: { ...noGaps, rollouts: 3, restarts: 3 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const onlyTheRole = flags(stage, "--target", "role");
        await stage.fails("destroy", stage.arguments(), /was not specified in --target list/, onlyTheRole);
        const withPolicy = flags(stage, "--target", "role", "cni-policy");
        for (const target of [onlyTheRole, withPolicy]) {
            await stage.fails("up", anotherRole(stage), /\[role-not-approved\].*without --target/s, target);
        }
        const roleName = String(stage.outputs()["roleName"]);
        const withGuard = flags(stage, "--target", "role", "cni-policy", "credential-guard");
        await stage.fails("up", anotherRole(stage), /\[hand-over-unfinished\].*without --target/s, withGuard);
        assert.ok(roleName in stage.currentRoles(), "the update has deleted the role");
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", anotherRole(stage));
        await stage.assertHandedOver();
        const { flags: target } = flags(stage, "--target", "role");
        await stage.succeeds("destroy", stage.arguments(), { flags: [...target, "--target-dependents"] });
        await stage.assertAsBefore();
        await stage.succeeds("destroy", stage.arguments());
    },
};

const attachmentReplaced: Scenario = {
    name: "replace-of-the-attachment",
    title: "the attachment of the CNI policy is replaced by --replace, and an update with --refresh attaches it again",
    quick: false,
    bound: { podSeconds: "some", canaryPodSeconds: 0, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        await stage.succeeds("up", stage.arguments(), flags(stage, "--replace", "cni-policy"));
        await stage.succeeds("up", stage.arguments(), { flags: ["--refresh"] });
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

export const options: readonly Scenario[] = [
    excluded,
    firstWithoutTheGuard,
    withoutTheCanary,
    replaced,
    replacedUnderFixedName,
    targeted,
    attachmentReplaced,
];
