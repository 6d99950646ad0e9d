import * as semver from "semver";

/** The first version in a program's output: "Kubernetes v1.34.4", "etcd Version: 3.6.8", "v3.248.0". */
export function versionIn(output: string): string | undefined {
    const match = /(?:^|[^\d.])v?(\d+\.\d+\.\d+(?![.\d])(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)/.exec(output);
    return match?.[1];
}

/** Pre-releases and vendors' builds (1.34.4-eks-1a2b) count as the release with the same number. */
export function fits(version: string, range: string): boolean {
    const release = semver.coerce(version);
    return release !== null && semver.satisfies(release, range);
}

/** The Go version that a go.mod requires, for instance "1.25.11". */
export function goVersionIn(goMod: string): string | undefined {
    return /^go (\d+\.\d+(?:\.\d+)?)/m.exec(goMod)?.[1];
}
