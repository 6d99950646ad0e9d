/** The fields of package.json that this package uses. */
export interface Manifest {
    readonly name: string;
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
}

/** The fields of the clone's package.json that are published unchanged. */
const PUBLISHED = [
    "name",
    "version",
    "description",
    "keywords",
    "homepage",
    "repository",
    "bugs",
    "license",
    "type",
    "main",
    "types",
    "exports",
    "engines",
    "dependencies",
    "peerDependencies",
    "peerDependenciesMeta",
] as const;

/**
 * The package.json that is published: that of the clone without its scripts, its development dependencies, its workspaces,
 * `private`, and the dependencies that are bundled. `pulumi package add` runs `npm install` in the installed package, which would
 * run the scripts and install all of these.
 */
export function publishedManifest(clone: Manifest, bundled: readonly string[]): Manifest {
    const fields = Object.fromEntries(
        PUBLISHED.filter((field) => clone[field] !== undefined).map((field) => [field, clone[field]]),
    );
    const installed = Object.entries(clone.dependencies).filter(([name]) => !bundled.includes(name));
    return { ...fields, dependencies: Object.fromEntries(installed) } as Manifest;
}
