import { deepStrictEqual, strictEqual } from "assert";
import { execFileSync } from "child_process";
import { join } from "path";
import { CNI_SERVICE_ACCOUNT_ROLE_TYPE } from "../../components/cniServiceAccountRole";
import { name } from "../../package.json";

const ROOT = join(__dirname, "../..");

/** Imports the package in a process of its own, and reports the modules that it loaded and the variables that it read. */
const PROGRAM = `
    const read = new Set();
    process.env = new Proxy(process.env, { get: (env, key) => { read.add(String(key)); return env[key]; } });
    require("@pulumi/pulumi");
    const before = new Set(read);
    require("./index.ts");
    const modules = Object.keys(require.cache);
    const environment = [...read].filter((key) => !before.has(key));
    const pulumi = require("@pulumi/pulumi");
    const mocks = { newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: () => ({}) };
    pulumi.runtime.setMocks(mocks).then(async () => {
        const arn = "arn:aws:iam::111122223333:role/cni";
        const { CniServiceAccountRole } = require("./index.ts");
        const { ready } = new CniServiceAccountRole("cni", { existingRoleArn: arn, detachFromNodeRoles: ["nodes"] });
        await ready.promise();
        const constructed = Object.keys(require.cache);
        process.stdout.write(JSON.stringify({ modules, constructed, read: environment }));
    });
`;

interface Report {
    modules: string[];
    /** The modules that are loaded once a component has been constructed. */
    constructed: string[];
    read: string[];
}

function importReport(): Report {
    const environment = { ...process.env, TS_NODE_TRANSPILE_ONLY: "true" };
    const options = { cwd: ROOT, encoding: "utf8", env: environment } as const;
    // Anything that the import prints breaks the report.
    return JSON.parse(execFileSync(process.execPath, ["-r", "ts-node/register", "-e", PROGRAM], options)) as Report;
}

describe("importing the package", () => {
    const report = importReport();

    it("loads neither of the providers' SDKs", () => {
        const heavy = report.modules.filter((file) => /node_modules\/@pulumi\/(?!pulumi\/)/.test(file));
        deepStrictEqual(heavy, []);
    });

    it("loads neither the AWS SDK nor the Kubernetes client, which are for the engine's part alone", () => {
        const heavy = report.modules.filter((file) => /node_modules\/(?:@aws-sdk|@smithy|@kubernetes)\//.test(file));
        deepStrictEqual(heavy, []);
    });

    it("leaves the live checks themselves to the engine: none of their modules is loaded, even once a component is constructed", () => {
        const own = (modules: string[]) => modules.filter((file) => file.startsWith(join(ROOT, "handover")));
        deepStrictEqual(own(report.modules), []);
        deepStrictEqual(own(report.constructed), []);
        deepStrictEqual(
            report.constructed.filter((file) => /node_modules\/(?:@aws-sdk|@kubernetes)\//.test(file)),
            [],
        );
    });

    it("loads of this package only the component and its documents", () => {
        const own = report.modules
            .filter((file) => file.startsWith(ROOT) && !file.includes("node_modules"))
            .map((file) => file.slice(ROOT.length + 1).split("/")[0]);
        deepStrictEqual([...new Set(own)].sort(), ["components", "documents", "index.ts"]);
    });

    it("reads nothing from the environment", () => {
        deepStrictEqual(report.read, []);
    });
});

describe("the component's type", () => {
    it("is that of the package", () => {
        strictEqual(CNI_SERVICE_ACCOUNT_ROLE_TYPE, `${name}:index:CniServiceAccountRole`);
    });
});
