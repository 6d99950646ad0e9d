/** The packages in a package-lock.json, by their folders. */
export type Packages = Readonly<Record<string, Package>>;

interface Package {
    readonly version?: string;
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** What an installation of eks-cni has, and the lockfile lacks. */
export interface Difference {
    /** The packages in eks-cni's own ranges, and the number of others. */
    readonly summary: string;
    /** The others: a name and a version each. */
    readonly others: readonly string[];
}

/**
 * Compares an installation with the lockfile, whose versions the suites run with the real engine. Under mocks, `npm run test:compatibility` runs
 * others: `page` is docs/compatibility.md, which has its table.
 */
export function compare(installed: Packages, lockfile: Packages, page: string): Difference {
    const locked = new Set(Object.entries(lockfile).map(nameAndVersion));
    const { dependencies, peerDependencies } = installed[EKS_CNI] ?? {};
    const own = Object.keys({ ...dependencies, ...peerDependencies }).map((name) => `node_modules/${name}`);
    const lacking = Object.entries(installed).filter(
        (one) => one[1].version !== undefined && one[0] !== EKS_CNI && !locked.has(nameAndVersion(one)),
    );
    const described = lacking
        .filter(([folder]) => own.includes(folder))
        .map(([folder, { version = "" }]) => {
            const run = isInTable(page, nameOf(folder), version) ? "mocks only" : "no suite has run it";
            return `${nameOf(folder)} ${version} (lockfile: ${lockfile[folder]?.version ?? "none"}; ${run})`;
        });
    const others = [...new Set(lacking.filter(([folder]) => !own.includes(folder)).map(nameAndVersion))].sort();
    const count =
        others.length === 0 ? [] : [`${String(others.length)} other package${others.length === 1 ? "" : "s"}`];
    return { summary: [...described, ...count].join(", ") || "nothing", others };
}

const EKS_CNI = "node_modules/eks-cni";

function nameOf(folder: string): string {
    return folder.replace(/^.*node_modules\//, "");
}

function nameAndVersion([folder, { version = "" }]: [string, Package]): string {
    return `${nameOf(folder)} ${version}`;
}

/** Whether the table that has a column for this package has this version there. */
function isInTable(page: string, name: string, version: string): boolean {
    const rows = page
        .split("\n")
        .filter((line) => line.startsWith("|"))
        .map((line) => line.split("|").map((cell) => cell.trim()));
    const column = rows.find((cells) => cells.includes(`\`${name}\``))?.indexOf(`\`${name}\``);
    return column !== undefined && rows.some((cells) => cells[column] === version);
}
