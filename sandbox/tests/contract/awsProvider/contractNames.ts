import { deepStrictEqual, equal, match, ok } from "node:assert/strict";
import { Contract, NO_CHANGE, World } from "./contract";
import { text, without } from "../../../providerClient";

export function autoNameTests(contract: Contract, property: string, world: () => World): void {
    const { type } = contract;

    it("is named <logical name>-<7 hex digits>, the same for the same seed", async () => {
        const { provider } = world();
        const news = without(await contract.inputs(world()), property);
        const names = await Promise.all(
            ["one", "one", "two"].map(
                async (seed) => (await provider.inputs(type, news, { name: "cni", seed }))[property],
            ),
        );
        match(text(names[0]), /^cni-[0-9a-f]{7}$/);
        equal(names[0], names[1]);
        ok(names[0] !== names[2]);
    });

    it("keeps the name that it once got, and is replaced create-first", async () => {
        const { provider } = world();
        const news = without(await contract.inputs(world()), property);
        const inputs = await provider.inputs(type, news, { seed: "one" });
        const later = await provider.inputs(
            type,
            { ...news, ...contract.replace.inputs },
            { olds: inputs, seed: "two" },
        );
        equal(later[property], inputs[property]);
        const { state } = await provider.create(type, inputs);
        equal((await provider.diff(type, state, later)).deleteBeforeReplace, false);
    });

    it("is replaced delete-first when the program fixed its name", async () => {
        const { provider } = world();
        const news = { ...(await contract.inputs(world())), [property]: "fixed" };
        const inputs = await provider.inputs(type, news);
        const { state } = await provider.create(type, inputs);
        const changed = await provider.inputs(
            type,
            { ...news, ...contract.replace.inputs, [property]: "fixed" },
            { olds: inputs },
        );
        const { replaces, deleteBeforeReplace } = await provider.diff(type, state, changed);
        ok(replaces.length > 0);
        equal(deleteBeforeReplace, true);
    });
}

export function tagTests(contract: Contract, world: () => World): void {
    const { type } = contract;

    it("gets the provider's default tags, and no change is seen because of them", async () => {
        const { provider } = world();
        await provider.configure({
            region: "us-west-2",
            defaultTags: JSON.stringify({ tags: { team: "network", env: "dev" } }),
        });
        try {
            const news = { ...(await contract.inputs(world())), tags: { env: "prod" } };
            const inputs = await provider.inputs(type, news);
            deepStrictEqual(inputs["tagsAll"], { team: "network", env: "prod" });
            const { id, state } = await provider.create(type, inputs);
            deepStrictEqual([state["tags"], state["tagsAll"]], [{ env: "prod" }, { team: "network", env: "prod" }]);
            deepStrictEqual(await provider.diff(type, state, inputs), NO_CHANGE);
            const refreshed = await provider.read(type, id, state, inputs);
            deepStrictEqual(await provider.diff(type, refreshed.state, inputs), NO_CHANGE);
        } finally {
            await provider.configure({ region: "us-west-2" });
        }
    });
}
