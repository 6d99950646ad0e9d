import { deepStrictEqual } from "assert";
import { podIdentityAgentOutlivesComponent as rule } from "../../../policies/podIdentityAgentOutlivesComponent";
import { type ResourceSpec, UNKNOWN_TEXT, violations } from "./support/run";
import { addon, association, goodStack, podIdentityStack } from "./support/stacks";

const MESSAGE =
    "agent: The component gives its role by a Pod Identity association and does not depend on this agent, so pulumi destroy could delete the agent " +
    "before the pods are back on the node roles. Add it to dependsOn of the CniServiceAccountRole.";

function agent(props: Record<string, unknown> = {}): ResourceSpec {
    return { ...addon({ addonName: "eks-pod-identity-agent", ...props }), name: "agent" };
}

/** The stack with the component, and with changes to its resource of this name. */
function stackWith(name: string, more: Partial<ResourceSpec>): ResourceSpec[] {
    return podIdentityStack().map((spec) => (spec.name === name ? { ...spec, ...more } : spec));
}

describe("pod-identity-agent-outlives-the-component", () => {
    it("finds an agent on which the component does not depend", async () => {
        deepStrictEqual(await violations(rule, [...podIdentityStack(), agent()]), [MESSAGE]);
    });

    it("finds one that depends on the component", async () => {
        deepStrictEqual(await violations(rule, [...podIdentityStack(), { ...agent(), dependsOn: ["cni"] }]), [MESSAGE]);
    });

    it("is content where the component has it in dependsOn, itself or through another resource", async () => {
        deepStrictEqual(await violations(rule, [...stackWith("cni", { dependsOn: ["agent"] }), agent()]), []);
        const later = { ...addon(), dependsOn: ["agent"] };
        deepStrictEqual(await violations(rule, [...stackWith("cni", { dependsOn: ["addon"] }), later, agent()]), []);
    });

    it("is content with the agent of another cluster, and of one that is not known yet", async () => {
        for (const clusterName of ["other", UNKNOWN_TEXT]) {
            deepStrictEqual(await violations(rule, [...podIdentityStack(), agent({ clusterName })]), []);
        }
        const unknown = { clusterName: UNKNOWN_TEXT };
        deepStrictEqual(await violations(rule, [...podIdentityStack(unknown), agent(unknown)]), []);
    });

    it("is content with another add-on, a component with another delivery, and an association of the program", async () => {
        deepStrictEqual(await violations(rule, [...podIdentityStack(), addon()]), []);
        deepStrictEqual(await violations(rule, [...goodStack(), agent()]), []);
        deepStrictEqual(await violations(rule, [association(), agent()]), []);
    });
});
