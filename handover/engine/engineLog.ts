import * as pulumi from "@pulumi/pulumi";
import type { Subject } from "../model/subject";

/**
 * Shows a warning next to a component, from the process of a dynamic provider.
 *
 * The SDK does not connect this process to the engine's log, although the engine passes its address
 * (https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/cmd/dynamic-provider/index.ts). Without an address, the line goes to the
 * standard output, which the engine shows as information.
 */
export function warnOfComponent(line: string, subject: Subject | undefined, engine: string | undefined): void {
    if (engine === undefined) {
        process.stdout.write(`${line}\n`);
        return;
    }
    if (pulumi.runtime.getEngine() === undefined) {
        const { getProject, getStack, resetOptions } = pulumi.runtime;
        resetOptions(getProject(), getStack(), 1, engine, "", false, "");
    }
    const urn = subject && componentUrn(subject);
    void pulumi.log.warn(line, urn === undefined ? undefined : new pulumi.DependencyResource(urn));
}

/**
 * The URN of a component, from its field manager `eks-cni/PROJECT/STACK/COMPONENT`. Undefined if that was shortened. The parents of a
 * component within another one are not known: it is then shown in a line of its own.
 */
export function componentUrn({
    fieldManager,
    component,
}: Pick<Subject, "fieldManager" | "component">): string | undefined {
    const [, project, stack, name] = /^eks-cni\/([^/]+)\/([^/]+)\/(.+)$/.exec(fieldManager) ?? [];
    return project === undefined || stack === undefined || name !== component
        ? undefined
        : `urn:pulumi:${stack}::${project}::eks-cni:index:CniServiceAccountRole::${component}`;
}
