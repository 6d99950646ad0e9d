import * as assert from "assert";
import { execFileSync } from "child_process";
import { name, version } from "../../package.json";
import { ROOT } from "./support/consumer";

interface Bom {
    bomFormat: string;
    metadata: { component: { purl: string } };
    components: { group?: string; name: string; version: string; purl: string }[];
}

describe("npm run sbom", () => {
    it("prints what an installation brings as CycloneDX, with versions, and nothing that is for development", () => {
        const printed = execFileSync("npm", ["run", "--silent", "sbom"], {
            cwd: ROOT,
            encoding: "utf8",
            maxBuffer: 1 << 26,
        });
        const { bomFormat, metadata, components } = JSON.parse(printed) as Bom;
        assert.strictEqual(bomFormat, "CycloneDX");
        assert.match(metadata.component.purl, new RegExp(`^pkg:npm/${name}@${version}`));
        const names = components.map((one) => (one.group === undefined ? one.name : `${one.group}/${one.name}`));
        for (const brought of ["@pulumi/pulumi", "@pulumi/aws", "@aws-sdk/client-iam", "@kubernetes/client-node"]) {
            assert.ok(names.includes(brought), brought);
        }
        for (const development of ["mocha", "@cloud-copilot/iam-simulate", "typedoc"]) {
            assert.ok(!names.includes(development), development);
        }
        assert.ok(components.every((one) => one.purl.startsWith("pkg:npm/") && one.version !== ""));
    });
});
