import { comesBefore, ofType, type StackResource } from "./stack";

/**
 * The live checks that prove the role, and that wait for another writer. In a program that runs the plugin they have other types: every output comes
 * after them there.
 */
const [CREDENTIAL_GUARD, CANARY] = [
    "pulumi-nodejs:dynamic/eks-cni:CredentialGuard",
    "pulumi-nodejs:dynamic/eks-cni:Canary",
];

/** `waits`: it comes after the component, which waits for it. `beforeProof`: it takes the role before the role is proved. */
export type OrderFault = "waits" | "beforeProof";

/**
 * Why a writer of the stack gets the role at the wrong time, if it does: it has to come after the proof, and before the component waits for it.
 *
 * @param property The property of the writer that has the role.
 * @param component A component that waits for another writer.
 */
export function orderFault(
    writer: StackResource,
    property: string,
    component: StackResource,
    stack: readonly StackResource[],
): OrderFault | undefined {
    const children = stack.filter(({ parent }) => parent === component.urn);
    const before = comesBefore(writer, stack);
    if (ofType(children, CANARY).some(({ urn }) => before.has(urn))) {
        return "waits";
    }
    const from = writer.propertyDependencies[property] ?? [];
    return children.some(({ urn }) => from.includes(urn)) &&
        ofType(children, CREDENTIAL_GUARD).some(({ urn }) => !before.has(urn))
        ? "beforeProof"
        : undefined;
}
