import { deepStrictEqual } from "assert";
import { nodesComeAfterCniRole as rule } from "../../../policies/nodesComeAfterCniRole";
import { UNKNOWN_OBJECT, UNKNOWN_TEXT, violations } from "./support/run";
import {
    addon,
    attachment,
    component,
    goodStack,
    managedCni,
    nodeGroup,
    nodeRole,
    podIdentityStack,
} from "./support/stacks";

const WITHOUT = [...goodStack().slice(0, -1), nodeGroup()];

describe("nodes-come-after-the-cni-role", () => {
    it("is content with a node group that depends on the component, or whose role has the policy", async () => {
        deepStrictEqual(await violations(rule, goodStack()), []);
        deepStrictEqual(await violations(rule, [...WITHOUT, attachment("a", "nodes", managedCni())]), []);
    });

    it("refuses a node group that depends on nothing, or on the role alone", async () => {
        const message =
            "group: The node group does not depend on the CNI role, and its own role has no CNI policy, so its nodes would not " +
            "become Ready. Add the CniServiceAccountRole to its dependsOn.";
        deepStrictEqual(await violations(rule, WITHOUT), [message]);
        const computed = { managedPolicyArns: UNKNOWN_OBJECT, inlinePolicies: UNKNOWN_OBJECT };
        const preview = WITHOUT.map((spec) => (spec.name === "nodes" ? nodeRole(computed) : spec));
        deepStrictEqual(await violations(rule, preview), [message]);
        const early = [...goodStack().slice(0, -1), nodeGroup({ dependsOn: ["cni-role"] })];
        deepStrictEqual(await violations(rule, early), [message]);
    });

    it("is content with one that depends on all that a component consists of, as the SDK has it, where no property is known", async () => {
        const unconfigured = goodStack().map((spec) =>
            spec.type === "kubernetes:core/v1:ServiceAccountPatch" ? { ...spec, props: {} } : spec,
        );
        const after = nodeGroup({ dependsOn: ["cni-role", "cni-policy", "account"] });
        deepStrictEqual(await violations(rule, [...unconfigured.slice(0, -1), after]), []);
        const early = nodeGroup({ dependsOn: ["cni-role", "cni-policy"] });
        deepStrictEqual((await violations(rule, [...unconfigured.slice(0, -1), early])).length, 1);
    });

    it("is content with one that depends on all of a component that delivers nothing itself", async () => {
        const external = goodStack().filter(({ type }) => !type.startsWith("kubernetes:"));
        const after = nodeGroup({ dependsOn: ["cni-role", "cni-policy"] });
        deepStrictEqual(await violations(rule, [...external.slice(0, -1), after]), []);
        const early = nodeGroup({ dependsOn: ["cni-role"] });
        deepStrictEqual((await violations(rule, [...external.slice(0, -1), early])).length, 1);
    });

    it("is content with one that depends on a component whose live checks see the add-on deliver the role", async () => {
        const withoutPatch = goodStack().filter(({ type, name }) => !type.startsWith("kubernetes:") && name !== "cni");
        const stackOf = (given: object, dependsOn: string[]) => [
            component({ ...given }),
            addon({ serviceAccountRoleArn: UNKNOWN_TEXT }),
            ...withoutPatch.slice(0, -1),
            nodeGroup({ dependsOn }),
        ];
        for (const delivery of ["eksAddon", "external"]) {
            deepStrictEqual(await violations(rule, stackOf({ delivery }, ["cni"])), []);
            deepStrictEqual(await violations(rule, stackOf({ delivery }, ["addon"])), []);
            deepStrictEqual((await violations(rule, stackOf({ delivery, liveChecks: false }, ["cni"]))).length, 1);
        }
        deepStrictEqual((await violations(rule, stackOf({}, ["cni"]))).length, 1);
    });

    it("is content with one that depends on the association of a component, known or not, and refuses one that does not", async () => {
        for (const props of [{}, { serviceAccount: UNKNOWN_TEXT, namespace: UNKNOWN_TEXT }]) {
            const stack = podIdentityStack(props).slice(0, -1);
            for (const dependsOn of [["cni"], ["cni-association"]]) {
                deepStrictEqual(await violations(rule, [...stack, nodeGroup({ dependsOn })]), []);
            }
            const early = nodeGroup({ dependsOn: ["cni-role"] });
            deepStrictEqual((await violations(rule, [...stack, early])).length, 1);
        }
    });

    it("says nothing while the policies that a node role is given are not known", async () => {
        const ownPolicy = { name: "own", type: "aws:iam/policy:Policy", props: { policy: UNKNOWN_OBJECT } };
        const spec = {
            ...nodeRole({ managedPolicyArns: [UNKNOWN_TEXT] }),
            from: { managedPolicyArns: ["own"] },
        };
        const stack = [ownPolicy, ...WITHOUT.map((one) => (one.name === "nodes" ? spec : one))];
        deepStrictEqual(await violations(rule, stack), []);
    });
});
