import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";

/** The part of a botocore service model (service-2.json) that is read here. */
export interface ServiceModel {
    readonly operations: Readonly<Record<string, Operation>>;
    readonly shapes: Readonly<Record<string, Shape>>;
}

interface Operation {
    readonly errors?: readonly { readonly shape: string }[];
    readonly input?: { readonly shape: string };
    readonly http: { readonly method: string; readonly requestUri: string };
}

export interface Shape {
    readonly type: string;
    readonly error?: { readonly httpStatusCode?: number; readonly code?: string };
    readonly members?: Readonly<Record<string, { readonly shape: string }>>;
    readonly min?: number;
    readonly max?: number;
    readonly pattern?: string;
    readonly enum?: readonly string[];
}

/** The services of the front, and the one that the Pod Identity agent calls. */
export type ModelledService = "iam" | "sts" | "eks" | "eks-auth";

/** Reads a service's model from the botocore that moto depends on. */
export function serviceModel(motoServer: string, service: ModelledService): ServiceModel {
    const folder = join(dirname(motoServer), "packages/botocore/data", service);
    const [version = ""] = readdirSync(folder).sort().reverse();
    const file = join(folder, version, "service-2.json");
    const text = existsSync(file) ? readFileSync(file) : gunzipSync(readFileSync(`${file}.gz`));
    return JSON.parse(text.toString("utf8")) as ServiceModel;
}

/** The errors that a model declares for an operation: the code on the wire, and the HTTP status. */
export function modelledErrors({ operations, shapes }: ServiceModel, operation: string): Map<string, number> {
    return new Map(
        (operations[operation]?.errors ?? []).map(({ shape }) => {
            const { error } = shapes[shape] ?? {};
            return [error?.code ?? shape, error?.httpStatusCode ?? 400] as const;
        }),
    );
}
