import { deepStrictEqual, throws } from "node:assert/strict";
import { checkConfig, parseConfig } from "../../../awsProvider/aws/config";

describe("the configuration of the AWS provider stand-in", () => {
    it("is read from texts and JSON texts, as the SDK sends them", () => {
        const config = parseConfig(
            {
                region: "eu-west-1",
                profile: "dev",
                accessKey: "key",
                secretKey: "secret",
                token: "token",
                endpoints: `[{"iam":"http://iam","eks":"http://eks"}]`,
                defaultTags: `{"tags":{"team":"network"}}`,
                maxRetries: "3",
                skipCredentialsValidation: "false",
                skipRegionValidation: "true",
                version: "7.48.0",
            },
            {},
        );
        deepStrictEqual(config, {
            region: "eu-west-1",
            profile: "dev",
            credentials: { accessKeyId: "key", secretAccessKey: "secret", sessionToken: "token" },
            endpoints: { iam: "http://iam", eks: "http://eks" },
            defaultTags: { team: "network" },
            maxAttempts: 3,
        });
    });

    it("takes the region from the environment when there is no other", () => {
        const region = (environment: NodeJS.ProcessEnv, own = {}): string => parseConfig(own, environment).region;
        deepStrictEqual(region({ AWS_REGION: "us-east-1", AWS_DEFAULT_REGION: "us-east-2" }), "us-east-1");
        deepStrictEqual(region({ AWS_DEFAULT_REGION: "us-east-2" }), "us-east-2");
        deepStrictEqual(region({ AWS_REGION: "us-east-1" }, { region: "us-west-2" }), "us-west-2");
    });

    const refused: readonly [title: string, raw: Record<string, string>, property: string, reason: string][] = [
        [
            "a region that is nowhere to be found",
            { region: "" },
            "region",
            "Missing region configuration: set aws:region, the provider's region or AWS_REGION",
        ],
        [
            "ignoreTags",
            { region: "r", ignoreTags: `{"keys":["a"]}` },
            "ignoreTags",
            `the stand-in for the AWS provider does not implement the option "ignoreTags"`,
        ],
        [
            "assumeRoles",
            { region: "r", assumeRoles: `[{"roleArn":"arn"}]` },
            "assumeRoles",
            `the stand-in for the AWS provider does not implement the option "assumeRoles"`,
        ],
        [
            "an option that no AWS provider has",
            { region: "r", nonsense: "1" },
            "nonsense",
            `"nonsense" is not a known option of the AWS provider`,
        ],
        [
            "the endpoint of a service that it does not serve",
            { region: "r", endpoints: `[{"s3":"http://s3"}]` },
            "endpoints",
            `the stand-in for the AWS provider serves iam, sts, eks, ec2, not "s3"`,
        ],
    ];
    for (const [title, raw, property, reason] of refused) {
        it(`is refused with ${title}`, () => {
            deepStrictEqual(checkConfig(raw, {}), [{ property, reason }]);
            throws(() => parseConfig(raw, {}), { message: `${property}: ${reason}` });
        });
    }

    it("accepts an option that it does not implement when it is off", () => {
        deepStrictEqual(checkConfig({ region: "r", insecure: "false", assumeRoles: "[]" }, {}), []);
    });
});
