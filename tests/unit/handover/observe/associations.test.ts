import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { OtherDelivery } from "../../../../handover/model/preflight";
import { seeingAssociations } from "../../../../handover/observe/associations";
import type { RunContext } from "../../../../handover/observe/runContext";
import { onNodeRole, subject, world } from "../support/worlds";

const { account } = world(onNodeRole);

/** A look at the account, with this answer of EKS. */
async function look(clusterName: string | undefined, answer: Partial<OtherDelivery>) {
    const asked: unknown[] = [];
    const context = {
        subject: { ...subject, clusterName },
        aws: {
            look: () => Promise.resolve(account),
            otherDelivery: (...args: unknown[]) => {
                asked.push(args);
                return Promise.resolve({ addOn: false, podIdentityRoleArns: [], unread: [], ...answer });
            },
        },
    } as unknown as RunContext;
    const seen = seeingAssociations(context);
    return { asked, isSame: seen === context, account: await seen.aws.look({} as never) };
}

describe("A look at the account with associations", () => {
    it("adds the roles of the service account's associations", async () => {
        const { asked, account: seen } = await look("shop", { podIdentityRoleArns: ["a", "b"] });
        deepStrictEqual(seen, { ...account, podIdentityRoleArns: ["a", "b"] });
        deepStrictEqual(asked, [["shop", subject.serviceAccount]]);
    });

    it("says that there is none only if that could be read", async () => {
        deepStrictEqual((await look("shop", {})).account, { ...account, podIdentityRoleArns: [] });
        deepStrictEqual((await look("shop", { unread: ["no right"] })).account, account);
    });

    it("says which there are, whatever else could not be read", async () =>
        deepStrictEqual((await look("shop", { podIdentityRoleArns: ["a"], unread: ["no right"] })).account, {
            ...account,
            podIdentityRoleArns: ["a"],
        }));

    it("asks nothing without the cluster's name", async () => {
        const { asked, isSame, account: seen } = await look(undefined, { podIdentityRoleArns: ["a"] });
        strictEqual(isSame, true);
        deepStrictEqual([asked, seen], [[], account]);
    });
});
