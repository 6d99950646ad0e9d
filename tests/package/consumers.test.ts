import * as assert from "assert";
import * as fs from "fs";
import * as path from "path";
import { rules } from "../../policies/rules";
import { useConsumer } from "./support/consumer";

/** The same program in each kind of module, under Pulumi's mocks. It prints the resources that the component registered. */
const BODY = `
const types = [];
void pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
        types.push(type);
        return { id: name, state: { ...inputs, arn: "arn:aws:iam::111122223333:role/made", uniqueId: "AROAEXAMPLE" } };
    },
    call: ({ inputs }) => inputs,
});
const cni = new CniServiceAccountRole("cni", {
    oidcProviderArn: "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE",
    ipFamily: IpFamily.Ipv4,
    liveChecks: false,
});
const isComponent = cni instanceof pulumi.ComponentResource;
cni.ready.apply((arn) => console.log(JSON.stringify({ arn, types: types.sort(), isComponent })));
`;
const COMMONJS = `
const pulumi = require("@pulumi/pulumi");
const { CniServiceAccountRole, IpFamily } = require("eks-cni");
${BODY}`;
const MODULE = `
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, IpFamily } from "eks-cni";
${BODY}`;
const TYPESCRIPT = MODULE.replace("const types = [];", "const types: string[] = [];");

const EXPECTED = {
    arn: "arn:aws:iam::111122223333:role/made",
    types: [
        "aws:iam/role:Role",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "eks-cni:index:CniServiceAccountRole",
        "kubernetes:apps/v1:DaemonSetPatch",
        "kubernetes:core/v1:ServiceAccountPatch",
    ],
    isComponent: true,
};

describe("a consumer of the packed tarball", () => {
    const consumer = useConsumer();
    const write = (file: string, text: string) => {
        fs.mkdirSync(path.dirname(path.join(consumer.folder, file)), { recursive: true });
        fs.writeFileSync(path.join(consumer.folder, file), text);
        return file;
    };
    const printed = (command: string, ...args: string[]) => JSON.parse(consumer.run(command, ...args)) as unknown;

    it("in CommonJS requires it", () => {
        assert.deepStrictEqual(printed("node", write("program.cjs", COMMONJS)), EXPECTED);
    });

    it("in an ES module imports it by name", () => {
        assert.deepStrictEqual(printed("node", write("program.mjs", MODULE)), EXPECTED);
    });

    it("gets the rules of the policy pack by a name of their own, in both kinds of module", () => {
        const commonjs = write("rules.cjs", `console.log(require("eks-cni/policies").rules.length)`);
        const module = write("rules.mjs", `import { rules } from "eks-cni/policies"; console.log(rules.length)`);
        assert.deepStrictEqual([printed("node", commonjs), printed("node", module)], [rules.length, rules.length]);
    });

    it("runs by ts-node, types checked", () => {
        write("ts-node/tsconfig.json", tsconfig({ module: "commonjs" }));
        assert.deepStrictEqual(printed("npx", "ts-node", write("ts-node/program.ts", TYPESCRIPT)), EXPECTED);
    });

    it("runs by tsx, as CommonJS and as an ES module", () => {
        assert.deepStrictEqual(printed("npx", "tsx", write("tsx/program.ts", TYPESCRIPT)), EXPECTED);
        assert.deepStrictEqual(printed("npx", "tsx", write("tsx/program.mts", TYPESCRIPT)), EXPECTED);
    });

    for (const [title, module, moduleResolution, ending] of [
        ["node", "commonjs", "node", "ts"],
        ["node16, as CommonJS", "node16", "node16", "cts"],
        ["node16, as an ES module", "node16", "node16", "mts"],
    ] as const) {
        it(`compiles with moduleResolution ${title}, and runs`, () => {
            const folder = `compiled-${moduleResolution}-${ending}`;
            write(`${folder}/tsconfig.json`, tsconfig({ module, moduleResolution }));
            const program = write(`${folder}/program.${ending}`, TYPESCRIPT);
            consumer.run("npx", "tsc", "--project", folder);
            assert.deepStrictEqual(printed("node", program.replace(/ts$/, "js")), EXPECTED);
        });
    }
});

/** Without `skipLibCheck`, so that the package's declarations are checked as well. */
function tsconfig(compilerOptions: object): string {
    return JSON.stringify({
        compilerOptions: { target: "es2022", strict: true, types: ["node"], ...compilerOptions },
        include: ["program.*ts"],
    });
}
