/**
 * The state as 7762a1c saved it, when the DaemonSet's own rolling update restarted the pods: by a digest in the pod template, which was
 * left out if the pods had carried the role before. The canary had other outputs, and nothing counted rollouts. The injection guard was two
 * resources of the program. The deletion order had five links, and the program could list the policies to detach. Pure.
 */
import { bindingSpec, injectionGuardSpec } from "../../../documents/injectionGuard";

const DELIVERED = "eks-cni/delivered";
const MANAGER = "pulumi.com/patchFieldManager";

interface Resource {
    readonly urn: string;
    readonly dependencies?: readonly string[];
    readonly inputs?: Record<string, unknown>;
    readonly outputs?: Record<string, unknown>;
}

interface Subject {
    readonly injectionGuardName: string;
    readonly serviceAccount: { readonly namespace: string; readonly name: string };
    readonly roleArn: string;
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
    const copy = JSON.parse(JSON.stringify(deployment)) as T & { readonly resources: Resource[] };
    const named = (name: string) => copy.resources.find(({ urn }) => urn.endsWith(`::${name}`)) as Resource;
    const [canary, detachment, daemonSet] = [named("cni-canary"), named("cni-detachment"), named("cni-daemon-set")];
    for (const properties of [canary.inputs, canary.outputs, detachment.inputs, detachment.outputs]) {
        delete properties?.["rollouts"];
    }
    for (const properties of [canary.inputs, canary.outputs]) {
        delete properties?.["proof"];
    }
    const [credentialGuard, lastLink] = [named("cni-credential-guard"), named("cni-deletion-order-2")];
    for (const properties of [credentialGuard.inputs, credentialGuard.outputs]) {
        Object.assign(properties ?? {}, { detachPolicyArns: [] });
    }
    copy.resources.splice(copy.resources.indexOf(lastLink) + 1, 0, ...linksOfBefore(lastLink));
    Object.assign(canary.outputs ?? {}, { carriedBefore, updateStrategy: "RollingUpdate" });
    const { inputs, outputs } = daemonSet;
    for (const properties of [inputs, outputs?.["__inputs"], outputs] as unknown as Patch[]) {
        const { [DELIVERED]: digest = "", [MANAGER]: manager = "" } = properties.metadata.annotations;
        properties.metadata.annotations = { [MANAGER]: manager };
        properties.spec.template.metadata.annotations = carriedBefore ? {} : { [DELIVERED]: digest };
    }
    const fieldManager = String(outputs?.["__fieldManager"]);
    const guard = guardOfBefore(detachment.inputs?.["subject"] as Subject, daemonSet, fieldManager);
    copy.resources.splice(copy.resources.indexOf(detachment), 0, ...guard);
    return { deployment: copy, patch: inputs as unknown as Patch, fieldManager };
}

/** Each depends on the one before it. */
function linksOfBefore({ urn, ...last }: Resource): Resource[] {
    const named = (layer: number) => urn.replace(/2$/, String(layer));
    return [3, 4, 5].map((layer) => ({ ...last, urn: named(layer), dependencies: [named(layer - 1)] }));
}

/** In the places after the patch of the DaemonSet, whose options they had. */
function guardOfBefore(subject: Subject, patch: Resource, fieldManager: string): Resource[] {
    const { injectionGuardName: name, serviceAccount, roleArn } = subject;
    const annotations = { [MANAGER]: fieldManager, "pulumi.com/patchForce": "true" };
    const of = (child: string, kind: string, spec: object): Resource => {
        const type = `kubernetes:admissionregistration.k8s.io/v1:${kind}`;
        const urn = patch.urn.replace(/\$[^$]*$/, `$${type}::${child}`);
        const inputs = { apiVersion: "admissionregistration.k8s.io/v1", kind, metadata: { name, annotations }, spec };
        const outputs = { ...inputs, __inputs: inputs, __fieldManager: fieldManager };
        return Object.assign({}, patch, { urn, type, id: name, inputs, outputs });
    };
    return [
        of(
            "cni-injection-guard",
            "ValidatingAdmissionPolicy",
            injectionGuardSpec({ serviceAccount, roleArns: [roleArn] }),
        ),
        of("cni-injection-guard-binding", "ValidatingAdmissionPolicyBinding", bindingSpec(name)),
    ];
}
