import { deepStrictEqual, equal, match, ok } from "node:assert/strict";
import { Contract, make, NO_CHANGE, World } from "./contract";
import { autoNameTests, tagTests } from "./contractNames";
import { Json, Properties, secret, UNKNOWN } from "../../../providerClient";

export function contractTests(contract: Contract, world: () => World): void {
    const { type } = contract;

    it("makes what the program asks for, and sees no change after that", async () => {
        const { provider } = world();
        const { id, news, inputs, state } = await make(world(), contract);
        match(id, contract.idPattern);
        deepStrictEqual(await provider.diff(type, state, inputs), NO_CHANGE);
        const again = await provider.inputs(type, news, { olds: inputs, seed: "another seed" });
        deepStrictEqual(again, inputs);
    });

    it("replaces for a change that AWS cannot make in place", async () => {
        const { provider } = world();
        const { news, inputs, state } = await make(world(), contract);
        const changed = await provider.inputs(type, { ...news, ...contract.replace.inputs }, { olds: inputs });
        const { replaces, deleteBeforeReplace } = await provider.diff(type, state, changed);
        const expected = {
            replaces: contract.replace.replaces,
            deleteBeforeReplace: contract.replace.deleteBeforeReplace,
        };
        deepStrictEqual({ replaces, deleteBeforeReplace }, expected);
    });

    it("is imported by its id, with inputs and a state that show no change", async () => {
        const { provider } = world();
        const { id, news, state } = await make(world(), contract);
        const imported = await provider.read(type, contract.importId?.(id, state) ?? id);
        equal(imported.id, id);
        deepStrictEqual(await provider.diff(type, imported.state, imported.inputs), NO_CHANGE);
        const inputs = await provider.inputs(type, news, { olds: imported.inputs });
        deepStrictEqual(await provider.diff(type, imported.state, inputs), NO_CHANGE);
        deepStrictEqual(imported.state, state);
    });

    it("shows in a refresh that a resource was deleted by another client", async () => {
        const { provider } = world();
        const { id, state, inputs } = await make(world(), contract);
        await contract.vanish(world(), id, state);
        equal((await provider.read(type, id, state, inputs)).id, "");
    });

    it("deletes, and what is gone already is no error", async () => {
        const { provider } = world();
        const { id, state, inputs } = await make(world(), contract);
        await provider.delete(type, id, state);
        equal((await provider.read(type, id, state, inputs)).id, contract.leavesOnDelete ? id : "");
        await provider.delete(type, id, state);
    });

    it("knows the inputs and not the outputs in the preview of a create", async () => {
        const { provider } = world();
        const inputs = await provider.inputs(type, await contract.inputs(world()));
        const { id, state } = await provider.create(type, inputs, true);
        equal(id, "");
        const unknown = Object.keys(state).filter((key) => state[key] === UNKNOWN && !(key in inputs));
        ok(
            contract.outputs.every((output) => unknown.includes(output)),
            `unknown are ${unknown.join(", ")}`,
        );
        deepStrictEqual(state[contract.secretProperty], inputs[contract.secretProperty]);
    });

    it("takes every input unknown in a preview, and counts each as a change of a resource that exists", async () => {
        const { provider } = world();
        const { news, inputs, state } = await make(world(), contract);
        const unknown = Object.fromEntries(Object.keys(news).map((key): [string, Json] => [key, UNKNOWN]));
        const checked = await provider.inputs(type, unknown, { olds: inputs });
        const { changes } = await provider.diff(type, state, checked);
        deepStrictEqual(
            Object.keys(news).filter((key) => !(key in changes)),
            [],
        );
        await provider.create(type, checked, true);
    });

    it("gives an input that is secret back as a secret, from check, create, preview and refresh", async () => {
        const { provider } = world();
        const news = await contract.inputs(world());
        const property = contract.secretProperty;
        const inputs = await provider.inputs(type, { ...news, [property]: secret(news[property] ?? null) });
        const isSecret = (properties: Properties): void => {
            deepStrictEqual(Object.keys(properties[property] ?? {}), Object.keys(secret("") ?? {}));
        };
        isSecret(inputs);
        isSecret((await provider.create(type, inputs, true)).state);
        const { id, state } = await provider.create(type, inputs);
        isSecret(state);
        const refreshed = await provider.read(type, id, state, inputs);
        isSecret(refreshed.state);
        isSecret(refreshed.inputs);
        deepStrictEqual(await provider.diff(type, state, inputs), NO_CHANGE);
    });

    it("refuses a property that it does not know, by its name", async () => {
        const { provider } = world();
        const { failures } = await provider.check(type, { ...(await contract.inputs(world())), nonsense: 1 });
        deepStrictEqual(failures, { nonsense: `"nonsense" is not a known property` });
    });

    optionalTests(contract, world);
}

function optionalTests(contract: Contract, world: () => World): void {
    const { type, update, drift, notImplemented, autoName } = contract;

    if (update !== undefined) {
        it("updates in place, and sees no change after that", async () => {
            const { provider } = world();
            const { id, news, inputs, state } = await make(world(), contract);
            const changed = await provider.inputs(type, { ...news, ...update.inputs }, { olds: inputs });
            deepStrictEqual(await provider.diff(type, state, changed), {
                changes: update.changes,
                replaces: [],
                deleteBeforeReplace: false,
            });
            const preview = await provider.update(type, id, state, changed, true);
            deepStrictEqual(
                contract.outputs.map((output) => preview[output]),
                contract.outputs.map((output) => state[output]),
            );
            const updated = await provider.update(type, id, state, changed);
            deepStrictEqual(await provider.diff(type, updated, changed), NO_CHANGE);
            const refreshed = await provider.read(type, id, updated, changed);
            deepStrictEqual(refreshed, { id, state: updated, inputs: refreshed.inputs });
            deepStrictEqual(await provider.diff(type, refreshed.state, changed), NO_CHANGE);
        });

        it("leaves a change out that the program ignores", async () => {
            const { provider } = world();
            const { news, inputs, state } = await make(world(), contract);
            const changed = await provider.inputs(type, { ...news, ...update.inputs }, { olds: inputs });
            const ignored = Object.keys(update.changes).map((path) => path.replace(/[.[].*$/, ""));
            deepStrictEqual(await provider.diff(type, state, changed, ignored), NO_CHANGE);
        });
    }

    if (drift !== undefined) {
        it("finds drift at a refresh, and an update puts it back", async () => {
            const { provider } = world();
            const { id, inputs, state } = await make(world(), contract);
            await drift.make(world(), id);
            const drifted = await provider.read(type, id, state, inputs);
            deepStrictEqual((await provider.diff(type, drifted.state, inputs)).changes, drift.changes);
            const mended = await provider.update(type, id, drifted.state, inputs);
            deepStrictEqual(await provider.diff(type, mended, inputs), NO_CHANGE);
        });
    }

    if (notImplemented !== undefined) {
        it(`refuses ${notImplemented}, which only the real provider has, by its name`, async () => {
            const { provider } = world();
            const news = { ...(await contract.inputs(world())), [notImplemented]: "something" };
            const { failures } = await provider.check(type, news);
            deepStrictEqual(failures, {
                [notImplemented]: `the stand-in for the AWS provider does not implement "${notImplemented}"`,
            });
        });
    }

    if (autoName !== undefined) {
        autoNameTests(contract, autoName, world);
    }
    if (contract.tags) {
        tagTests(contract, world);
    }
}
