import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The users of the API server, each with its own token. Their names are those to which RBAC binds its default roles.
 */
export interface Tokens {
    admin: string;
    controllerManager: string;
    scheduler: string;
    /** Of the group `eks-cni-operators`, which has only the permissions that are bound to it. */
    operator: string;
}

export interface CredentialFiles {
    tokens: Tokens;
    tokenFile: string;
    serviceAccountKey: string;
    serviceAccountPublicKey: string;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file */
export function tokenFile(tokens: Tokens): string {
    return [
        `${tokens.admin},sandbox-admin,sandbox-admin,system:masters`,
        `${tokens.controllerManager},system:kube-controller-manager,controller-manager`,
        `${tokens.scheduler},system:kube-scheduler,scheduler`,
        `${tokens.operator},operator,operator,eks-cni-operators`,
        "",
    ].join("\n");
}

/** The files in a cluster's folder, next to its kubeconfig. */
export function credentialPaths(clusterDirectory: string): Omit<CredentialFiles, "tokens"> {
    const path = (name: string) => join(clusterDirectory, "credentials", name);
    return {
        tokenFile: path("tokens.csv"),
        serviceAccountKey: path("service-account.key"),
        serviceAccountPublicKey: path("service-account.pub"),
    };
}

export function writeCredentials(clusterDirectory: string): CredentialFiles {
    const paths = credentialPaths(clusterDirectory);
    mkdirSync(dirname(paths.tokenFile), { recursive: true });
    const token = () => randomBytes(24).toString("base64url");
    const tokens = { admin: token(), controllerManager: token(), scheduler: token(), operator: token() };
    const keys = generateKeyPairSync("rsa", {
        modulusLength: 2048,
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    const write = (path: string, content: string) => writeFileSync(path, content, { mode: 0o600 });
    write(paths.tokenFile, tokenFile(tokens));
    write(paths.serviceAccountKey, keys.privateKey);
    write(paths.serviceAccountPublicKey, keys.publicKey);
    return { tokens, ...paths };
}

/** JSON is YAML, so this is a kubeconfig. */
export function kubeconfig(options: { name: string; server: string; ca: string; token: string }): string {
    const { name, server, ca, token } = options;
    return JSON.stringify(
        {
            apiVersion: "v1",
            kind: "Config",
            "current-context": name,
            clusters: [{ name, cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
            contexts: [{ name, context: { cluster: name, user: name } }],
            users: [{ name, user: { token } }],
        },
        undefined,
        2,
    );
}

/**
 * Without --tls-cert-file the API server creates a certificate for its address, signed by a CA of its own, and writes
 * both into one file: k8s.io/client-go util/cert/cert.go, GenerateSelfSignedCertKey. The CA comes last.
 */
export function caOf(certificates: string): string | undefined {
    const blocks = certificates.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
    return blocks.length >= 2 ? blocks[blocks.length - 1] : undefined;
}
