import type { ToolName } from "./recipes";

/** How an installed tool prints its version, and which versions fit. */
export interface Installed {
    /** A semver range. */
    fitting: string;
    versionArguments: string[];
}

const sameMinorAsOurs = { fitting: "~1.34.0", versionArguments: ["--version"] };

/**
 * moto is missing here: the AWS stand-in depends on the gaps of this one version. The language hosts are missing too:
 * they do not print their version, so those next to the selected pulumi are used.
 */
export const installed: Partial<Record<ToolName, Installed>> = {
    pulumi: { fitting: ">=3.248.0 <4.0.0", versionArguments: ["version"] },
    // From 4.29 on it creates in another way: recipes.ts, otherProvider.
    "pulumi-resource-kubernetes": { fitting: ">=4.24.0 <4.29.0", versionArguments: ["--version"] },
    // The API server needs progress notifications of watches, which 3.4.25 and 3.5.8 introduced.
    etcd: { fitting: ">=3.5.13 <3.7.0", versionArguments: ["--version"] },
    "kube-apiserver": sameMinorAsOurs,
    "kube-controller-manager": sameMinorAsOurs,
    "kube-scheduler": sameMinorAsOurs,
    // kubectl may be one minor version older or newer than the API server: https://kubernetes.io/releases/version-skew-policy/
    kubectl: { fitting: ">=1.33.0 <1.36.0", versionArguments: ["version", "--client"] },
    kwok: { fitting: "~0.7.0", versionArguments: ["--version"] },
};
