import {
    AGENT_HOSTS,
    CREDENTIALS_TOKEN_VARIABLE,
    CREDENTIALS_URI_VARIABLE,
    POD_IDENTITY_AUDIENCE,
} from "../../documents/podIdentity";
import { TOKEN_AUDIENCE } from "../../documents/trustPolicy";
import type { CredentialSource } from "./world";

/** The parts of a pod spec that determine the pod's AWS credentials. */
export interface CredentialSpec {
    readonly initContainers?: readonly CredentialContainer[];
    readonly containers: readonly CredentialContainer[];
    readonly volumes?: readonly {
        readonly name: string;
        readonly projected?: {
            readonly sources?: readonly {
                readonly serviceAccountToken?: { readonly audience?: string; readonly path: string };
            }[];
        };
    }[];
}

export interface CredentialContainer {
    readonly name: string;
    readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
}

/**
 * Determines where the AWS SDK in a pod's containers gets its credentials.
 *
 * The SDK's default chain tries static keys, then web identity, then the other sources. It uses the first source that is
 * configured, and never falls back to another (aws-sdk-go-v2 config/resolve_credentials.go, resolveCredentialChain).
 *
 * Every container is checked: the webhook mutates containers and init containers alike, except those listed in the annotation
 * eks.amazonaws.com/skip-containers, and keeps a variable that a container sets itself (amazon-eks-pod-identity-webhook
 * pkg/handler/handler.go).
 */
export function credentialSource(spec: CredentialSpec): CredentialSource {
    const containers = [...(spec.initContainers ?? []), ...spec.containers];
    const own = containers.flatMap((container) => ownCredentials(container).map(setBy(container)));
    if (own.length > 0) {
        return { kind: "other", what: own.join(", ") };
    }
    if (!containers.some(hasTokenFile)) {
        const others = containers.flatMap((container) => laterCredentials(container).map(setBy(container)));
        const what = others.join(", ");
        if (others.length > 0 && containers.every(isOfPodIdentity)) {
            return { kind: "containerCredentials", what, ...associationFaults(containers, spec.volumes ?? []) };
        }
        return others.length > 0 ? { kind: "other", what } : { kind: "nodeRole" };
    }
    return roleOf(containers, spec.volumes ?? []);
}

function roleOf(containers: readonly CredentialContainer[], volumes: Volumes): CredentialSource {
    const roleArns = distinct(containers.map((container) => valueOf(container, "AWS_ROLE_ARN")));
    const faults = containers.flatMap((container) => {
        const fault = faultOf(container, volumes);
        return fault === undefined ? [] : [`container ${container.name} ${fault}`];
    });
    const [roleArn] = roleArns;
    if (faults.length > 0 || roleArn === undefined) {
        return { kind: "incomplete", roleArns, what: faults.join("; ") };
    }
    if (roleArns.length > 1) {
        return { kind: "incomplete", roleArns, what: `its containers have different roles: ${roleArns.join(", ")}` };
    }
    const settings = containers.map((container) => valueOf(container, "AWS_STS_REGIONAL_ENDPOINTS"));
    const [regionalSts] = settings;
    return {
        kind: "webIdentity",
        roleArn,
        regionalSts: settings.every((v) => v === regionalSts) ? regionalSts : undefined,
    };
}

/** Why containers cannot use the credentials of their association: another address, or no token for the agent. */
function associationFaults(containers: readonly CredentialContainer[], volumes: Volumes): { readonly fault?: string } {
    const faults = containers.flatMap((container) => {
        const fault = associationFault(container, volumes);
        return fault === undefined ? [] : [`container ${container.name} ${fault}`];
    });
    return faults.length === 0 ? {} : { fault: faults.join("; ") };
}

function associationFault(container: CredentialContainer, volumes: Volumes): string | undefined {
    const uri = valueOf(container, CREDENTIALS_URI_VARIABLE) ?? "";
    if (!AGENT_HOSTS.some((host) => uri.startsWith(`http://${host}/`))) {
        return `has the address ${uri}, which is not the agent's`;
    }
    const tokenFile = valueOf(container, CREDENTIALS_TOKEN_VARIABLE);
    if (tokenFile === undefined) {
        return `has no ${CREDENTIALS_TOKEN_VARIABLE}`;
    }
    const audiences = audiencesAt(tokenFile, container, volumes);
    if (audiences.length === 0) {
        return `has no token mounted at ${tokenFile}`;
    }
    return audiences.includes(POD_IDENTITY_AUDIENCE)
        ? undefined
        : `has a token for ${audiences.join(", ")}, not ${POD_IDENTITY_AUDIENCE}`;
}

type Volumes = NonNullable<CredentialSpec["volumes"]>;

/** Why a container does not use the role's token although another container of the pod does. */
function faultOf(container: CredentialContainer, volumes: Volumes): string | undefined {
    if (!hasTokenFile(container)) {
        return "has no AWS_WEB_IDENTITY_TOKEN_FILE";
    }
    const tokenFile = valueOf(container, "AWS_WEB_IDENTITY_TOKEN_FILE");
    if (tokenFile === undefined) {
        return "takes AWS_WEB_IDENTITY_TOKEN_FILE from a reference (valueFrom)";
    }
    if (valueOf(container, "AWS_ROLE_ARN") === undefined) {
        return "has the token file and no AWS_ROLE_ARN";
    }
    const audiences = audiencesAt(tokenFile, container, volumes);
    if (audiences.length === 0) {
        return `has no token mounted at ${tokenFile}`;
    }
    return audiences.includes(TOKEN_AUDIENCE)
        ? undefined
        : `has a token for ${audiences.join(", ")}, not ${TOKEN_AUDIENCE}`;
}

/** The audiences of the projected tokens that the container mounts at this path. */
function audiencesAt(tokenFile: string, { volumeMounts = [] }: CredentialContainer, volumes: Volumes): string[] {
    return volumeMounts
        .filter(({ subPath }) => !subPath)
        .flatMap(({ name, mountPath }) => {
            const sources = volumes.find((volume) => volume.name === name)?.projected?.sources ?? [];
            return sources
                .flatMap(({ serviceAccountToken }) => serviceAccountToken ?? [])
                .filter(({ path }) => `${withoutSlash(mountPath)}/${path}` === tokenFile)
                .map(({ audience }) => audience ?? "the API server");
        });
}

/** Credentials that the SDK uses before web identity. A key ID counts only together with a secret (EnvConfig, HasKeys). */
function ownCredentials(container: CredentialContainer): string[] {
    const id = ["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"].find((name) => isSet(container, name));
    const secret = ["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"].find((name) => isSet(container, name));
    return id !== undefined && secret !== undefined ? [id] : [];
}

/** Credentials that the SDK uses after web identity and before the instance role: a profile, then container credentials. */
function laterCredentials(container: CredentialContainer): string[] {
    return [
        "AWS_PROFILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONFIG_FILE",
        CREDENTIALS_URI_VARIABLE,
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    ].filter((name) => isSet(container, name));
}

const isOfPodIdentity = (container: CredentialContainer) =>
    laterCredentials(container).join() === CREDENTIALS_URI_VARIABLE;

const setBy =
    ({ name }: CredentialContainer) =>
    (variable: string) =>
        `${variable} of container ${name}`;

const hasTokenFile = (container: CredentialContainer) => isSet(container, "AWS_WEB_IDENTITY_TOKEN_FILE");

/** If a variable is listed more than once, the last entry wins. */
function entry({ env = [] }: CredentialContainer, variable: string) {
    return env.filter(({ name }) => name === variable).at(-1);
}

/** The SDK treats an empty variable as unset. */
function isSet(container: CredentialContainer, variable: string): boolean {
    const found = entry(container, variable);
    return Boolean(found?.value) || found?.valueFrom !== undefined;
}

/** Undefined as well for a value from a Secret or a ConfigMap. */
function valueOf(container: CredentialContainer, variable: string): string | undefined {
    const value = entry(container, variable)?.value;
    return value === "" ? undefined : value;
}

const withoutSlash = (path: string) => path.replace(/\/+$/, "");

function distinct(values: readonly (string | undefined)[]): string[] {
    return [...new Set(values.filter((value) => value !== undefined))].sort();
}
