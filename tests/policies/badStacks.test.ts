import * as assert from "assert";
import { rules } from "../../policies/rules";
import { addOnBesideAnotherWriter, BAD_STACKS, patchThatTheComponentWaitsFor } from "./badStacks";
import { preview } from "./support/preview";
import { usePolicies } from "./support/usePolicies";

describe("a stack with one fault, under the policy pack", () => {
    const policies = usePolicies();

    for (const { rule, title, level, program, resource, message } of BAD_STACKS) {
        it(`${rule}: ${title}`, async () => {
            const { violations, succeeded } = await preview(policies.environment, { program });
            // The engine shows the rule's description above each of its messages.
            const { description } = rules.find(({ name }) => name === rule) ?? {};
            assert.deepStrictEqual(violations, [
                { rule, level, resource, message: `${description ?? ""}\n${message}` },
            ]);
            assert.strictEqual(succeeded, level === "advisory");
        });
    }

    it("finds none in an add-on without a role, if a component waits for another writer", async () => {
        const { violations } = await preview(policies.environment, { program: addOnBesideAnotherWriter });
        assert.deepStrictEqual(violations, []);
    });

    it("finds none in a patch that takes the role once it is proved, if a component waits for that patch", async () => {
        const { violations } = await preview(policies.environment, { program: patchThatTheComponentWaitsFor });
        assert.deepStrictEqual(violations, []);
    });

    it("has one for each rule", () => {
        assert.deepStrictEqual(
            [...new Set(BAD_STACKS.map(({ rule }) => rule))],
            rules.map(({ name }) => name),
        );
    });
});
