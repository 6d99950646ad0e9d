import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual } from "assert";
import { Autonaming, autonamingProblems } from "../../../../components/live/autonaming";
import { CniServiceAccountRole, CniServiceAccountRoleArgs } from "../../../../index";
import { assertAccepted, assertRefusedNow } from "../../support/refusals";
import { PROVIDER_ARN } from "../../support/standIn";
import { Run, run } from "../../support/underMocks";

const ROLE = "aws:iam/role:Role";
const POLICY = "aws:iam/policy:Policy";
const ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
const ALL = [ROLE, POLICY, ATTACHMENT];

const verbatim = { mode: "verbatim" };
const byDefault = { mode: "default" };
const random = { pattern: "${name}-${hex(7)}" };

/** Title, setting, and the types whose resources the engine would delete before it creates the replacement. */
const settings: [string, Autonaming | undefined, string[]][] = [
    ["no setting", undefined, []],
    ["an empty setting", {}, []],
    ["the default mode", byDefault, []],
    ["verbatim", verbatim, ALL],
    ["disabled", { mode: "disabled" }, ALL],
    ...["${name}-${hex(7)}", "${alphanum(1)}", "a-${string(12)}-b", "${num(3)}", "${stack}-${uuid}"].map(
        (pattern): [string, Autonaming, string[]] => [`the pattern ${pattern}`, { pattern }, []],
    ),
    ...["${name}", "${project}-${stack}-${name}", "hex(7)", "${hex}", "${hex()}", "${uuid(3)}", ""].map(
        (pattern): [string, Autonaming, string[]] => [`the pattern ${JSON.stringify(pattern)}`, { pattern }, ALL],
    ),
    ["verbatim for another provider", { providers: { azure: verbatim } }, []],
    ["verbatim for aws alone", { providers: { aws: verbatim } }, ALL],
    ["verbatim for all but aws", { ...verbatim, providers: { aws: random } }, []],
    ["verbatim, and aws without a word, which means the default", { ...verbatim, providers: { aws: {} } }, []],
    ["verbatim for the role alone", { providers: { aws: { resources: { [ROLE]: verbatim } } } }, [ROLE]],
    [
        "verbatim for all but the role",
        { providers: { aws: { ...verbatim, resources: { [ROLE]: byDefault } } } },
        [POLICY, ATTACHMENT],
    ],
    ["verbatim for other resources", { providers: { aws: { resources: { "aws:s3/bucket:Bucket": verbatim } } } }, []],
];

function problem(types: string[]) {
    return {
        path: "liveChecks",
        expected:
            "resource names with a random part (without one, the engine deletes a role before it creates the next one)",
        got: `pulumi:autonaming without a random part for ${types.join(", ")}`,
        fix: "in pulumi:autonaming, set a pattern such as ${name}-${hex(7)} for these, or set liveChecks: false",
    };
}

function withSetting(setting: unknown, args: CniServiceAccountRoleArgs): Promise<Run<unknown>> {
    return run(() => {
        pulumi.runtime.setAllConfig({ "pulumi:autonaming": JSON.stringify(setting) });
        return new CniServiceAccountRole("cni", args);
    });
}

describe("autonaming", () => {
    afterEach(() => pulumi.runtime.setAllConfig({}));

    for (const [title, setting, types] of settings) {
        it(`${types.length === 0 ? "is taken" : "is refused"} with ${title}`, () => {
            deepStrictEqual(autonamingProblems(setting), types.length === 0 ? [] : [problem(types)]);
        });
    }

    it("is read in the stack's configuration, whatever the role's name", async () => {
        const { path, expected, got, fix } = problem(ALL);
        const reason = `expected ${expected}, got ${got}; ${fix}`;
        const done = await withSetting(verbatim, { oidcProviderArn: PROVIDER_ARN, roleName: "cni" });
        assertRefusedNow({ ...done, resources: [] }, [{ propertyPath: path, reason }]);
        assertAccepted(await withSetting(random, { oidcProviderArn: PROVIDER_ARN }));
    });

    it("is of no matter without live checks, or where no role is made", async () => {
        assertAccepted(await withSetting(verbatim, { oidcProviderArn: PROVIDER_ARN, liveChecks: false }));
        const existingRoleArn = "arn:aws:iam::111122223333:role/cni";
        assertAccepted(await withSetting(verbatim, { existingRoleArn }));
    });
});
