import { deepStrictEqual } from "assert";
import { lastUsedRegions } from "../../../../handover/aws/lastUsedRegions";

const role = (RoleId: string, Region?: string) => ({
    RoleId,
    Path: "/",
    RoleName: "nodes",
    Arn: "arn",
    CreateDate: new Date(0),
    RoleLastUsed: { Region },
});

describe("the regions in which a role was used last", () => {
    it("are kept during a run, since IAM tells one at a time", () => {
        const seen = lastUsedRegions();
        deepStrictEqual(seen(role("AROA1", "us-west-2")), ["us-west-2"]);
        deepStrictEqual(seen(role("AROA1", "eu-north-1")), ["eu-north-1", "us-west-2"]);
        deepStrictEqual(seen(role("AROA1", "us-west-2")), ["eu-north-1", "us-west-2"]);
    });

    it("are those of the role, and of no earlier one of its name", () => {
        const seen = lastUsedRegions();
        seen(role("AROA1", "us-west-2"));
        deepStrictEqual(seen(role("AROA2", "eu-north-1")), ["eu-north-1"]);
    });

    it("are none for a role that was never used", () => {
        const seen = lastUsedRegions();
        deepStrictEqual(seen(role("AROA1")), []);
        deepStrictEqual(seen({ ...role("AROA1"), RoleLastUsed: undefined }), []);
        deepStrictEqual(seen(undefined), []);
    });
});
