/**
 * The state as 7762a1c saved it, when the DaemonSet's own rolling update restarted the pods: by a digest in the pod template, which was
 * left out if the pods had carried the role before. The canary had other outputs, and nothing counted rollouts. Pure.
 */

const DELIVERED = "eks-cni/delivered";
const MANAGER = "pulumi.com/patchFieldManager";

interface Resource {
    readonly urn: string;
    readonly inputs?: Record<string, unknown>;
    readonly outputs?: Record<string, unknown>;
}

/** The inputs of the patch of the DaemonSet. */
export interface Patch {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace: string; annotations: Record<string, string> };
    readonly spec: { readonly template: { readonly metadata: { annotations: Record<string, string> } } };
}

export interface StateOfBefore<T> {
    readonly deployment: T;
    /** To be applied to the cluster, under this field manager. */
    readonly patch: Patch;
    readonly fieldManager: string;
}

export function stateOfBefore<T extends object>(deployment: T, carriedBefore: boolean): StateOfBefore<T> {
    const copy = JSON.parse(JSON.stringify(deployment)) as T & { readonly resources: readonly Resource[] };
    const named = (name: string) => copy.resources.find(({ urn }) => urn.endsWith(`::${name}`)) as Resource;
    const [canary, detachment, daemonSet] = [named("cni-canary"), named("cni-detachment"), named("cni-daemon-set")];
    for (const properties of [canary.inputs, canary.outputs, detachment.inputs, detachment.outputs]) {
        delete properties?.["rollouts"];
    }
    for (const properties of [canary.inputs, canary.outputs]) {
        delete properties?.["proof"];
    }
    Object.assign(canary.outputs ?? {}, { carriedBefore, updateStrategy: "RollingUpdate" });
    const { inputs, outputs } = daemonSet;
    for (const properties of [inputs, outputs?.["__inputs"], outputs] as unknown as Patch[]) {
        const { [DELIVERED]: digest = "", [MANAGER]: manager = "" } = properties.metadata.annotations;
        properties.metadata.annotations = { [MANAGER]: manager };
        properties.spec.template.metadata.annotations = carriedBefore ? {} : { [DELIVERED]: digest };
    }
    return { deployment: copy, patch: inputs as unknown as Patch, fieldManager: String(outputs?.["__fieldManager"]) };
}
