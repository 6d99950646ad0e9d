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

const explore: Scenario = {
    name: "explore-replace",
    title: "explore",
    quick: false,
    bound: { ...noGaps, rollouts: 20, restarts: 30 },
    play: async (stage) => {
        await handedOver(stage);
        console.log(
            (stage.props.engine.state().resources ?? [])
                .map(({ urn }) => urn.split("::").slice(2).join(" "))
                .join("\n"),
        );
        for (const child of ["canary", "detachment", "service-account", "daemon-set", "credential-guard", "role"]) {
            const before = await stage.pods();
            const result = await stage.run("up", stage.arguments(), flags(stage, "--replace", child));
            await stage.settled();
            const after = await stage.pods();
            const gaps = [...before].filter(([node, uid]) => after.get(node) !== uid).length;
            console.log(`== replace ${child}: ${result.outcome}, ${gaps} pods differ\n${result.output}`);
            try {
                await stage.assertHandedOver();
                console.log("handed over");
            } catch (error) {
                console.log("not handed over", String(error).slice(0, 2000));
            }
            const up = await stage.run("up", stage.arguments(), { flags: ["--refresh"] });
            console.log(`== then up --refresh ${up.outcome}\n${up.output}`);
            try {
                await stage.assertHandedOver();
                console.log("handed over");
            } catch (error) {
                console.log("not handed over", String(error).slice(0, 2000));
            }
        }
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

export const options: readonly Scenario[] = [excluded, explore];
