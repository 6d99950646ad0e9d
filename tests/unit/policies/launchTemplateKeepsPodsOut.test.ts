import { deepStrictEqual, ok } from "assert";
import { launchTemplateKeepsPodsOut as rule } from "../../../policies/launchTemplateKeepsPodsOut";
import { resourceArgs, UNKNOWN_TEXT, violations } from "./support/run";

const template = (metadataOptions?: unknown) => ({
    name: "lt",
    type: "aws:ec2/launchTemplate:LaunchTemplate",
    props: { imageId: "ami-1", ...(metadataOptions === undefined ? {} : { metadataOptions }) },
});
const GOOD = { httpTokens: "required", httpPutResponseHopLimit: 1 };

describe("launch-template-keeps-pods-from-the-node-role", () => {
    it("is content with IMDSv2 one hop away, without metadata, and with what is excepted", async () => {
        deepStrictEqual(await violations(rule, [template(GOOD)]), []);
        deepStrictEqual(await violations(rule, [template({ httpEndpoint: "disabled" })]), []);
        deepStrictEqual(await violations(rule, [template()], { exceptTemplates: ["lt"] }), []);
    });

    it("refuses IMDSv1 and more hops, also where the other is not known", async () => {
        deepStrictEqual(await violations(rule, [template({ ...GOOD, httpTokens: "optional" })]), [
            'lt: Pods can use the node role: metadataOptions.httpTokens is "optional". Set it to required.',
        ]);
        deepStrictEqual(await violations(rule, [template({ httpTokens: UNKNOWN_TEXT, httpPutResponseHopLimit: 2 })]), [
            "lt: Pods can use the node role: metadataOptions.httpPutResponseHopLimit is 2. Set it to 1.",
        ]);
    });

    it("sets both, and leaves what is right or not known", () => {
        const { remediateResource: remediate } = rule;
        ok(remediate);
        deepStrictEqual(remediate(resourceArgs(template({ instanceMetadataTags: "enabled" }))), {
            imageId: "ami-1",
            metadataOptions: { instanceMetadataTags: "enabled", ...GOOD },
        });
        deepStrictEqual(remediate(resourceArgs(template(GOOD))), undefined);
        deepStrictEqual(remediate(resourceArgs(template({ httpEndpoint: UNKNOWN_TEXT }))), undefined);
    });
});
