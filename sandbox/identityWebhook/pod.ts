/** The parts of Kubernetes objects that the webhook reads or writes, as in their JSON. */
export interface Pod {
    readonly metadata?: Metadata & { readonly generateName?: string };
    readonly spec?: {
        readonly serviceAccountName?: string;
        readonly nodeSelector?: Readonly<Record<string, string>>;
        readonly initContainers?: readonly Container[];
        readonly containers: readonly Container[];
        readonly volumes?: readonly Volume[];
    };
}

export interface ServiceAccount {
    readonly metadata?: Metadata;
}

export interface Container {
    readonly [other: string]: unknown;
    readonly name: string;
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
    readonly volumeMounts?: readonly {
        readonly name: string;
        readonly readOnly?: boolean;
        readonly mountPath: string;
    }[];
}

export interface Volume {
    readonly [other: string]: unknown;
    readonly name: string;
    readonly projected?: {
        readonly sources?: readonly { readonly serviceAccountToken?: TokenProjection }[];
    };
}

export interface TokenProjection {
    readonly audience?: string;
    readonly expirationSeconds?: number;
    readonly path: string;
}

interface Metadata {
    readonly name?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
}
