import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { mock } from "node:test";
import { engineAddress } from "../../../../handover/engine/engineAddress";
import { componentUrn, warnOfComponent } from "../../../../handover/engine/engineLog";
import { subject } from "../support/worlds";

describe("A warning from the process of a dynamic provider", () => {
    it("belongs to the component that its field manager names", () => {
        const urn = "urn:pulumi:production::network::eks-cni:index:CniServiceAccountRole::cni";
        strictEqual(componentUrn(subject), urn);
        strictEqual(
            componentUrn({ fieldManager: "eks-cni/p/s/with/slash", component: "with/slash" })?.split("::").at(-1),
            "with/slash",
        );
    });

    for (const fieldManager of ["eks-cni/network/production/cn-0123456789abcdef", "eks-cni/network", "kubectl"]) {
        it(`belongs to no component by the field manager ${fieldManager}`, () => {
            strictEqual(componentUrn({ ...subject, fieldManager }), undefined);
        });
    }

    it("goes to the engine whose address is among the arguments", () => {
        const argv = ["/usr/bin/node", "/a/b/cmd/dynamic-provider", "--x=127.0.0.1:1", "127.0.0.1:41234"];
        strictEqual(engineAddress(argv), "127.0.0.1:41234");
        strictEqual(engineAddress(argv.slice(0, 3)), undefined);
    });

    it("is a line of the standard output without an engine", () => {
        const lines: string[] = [];
        const write = mock.method(process.stdout, "write", (line: string) => lines.push(line));
        warnOfComponent("all of it", subject, undefined);
        write.mock.restore();
        deepStrictEqual(lines, ["all of it\n"]);
    });
});
