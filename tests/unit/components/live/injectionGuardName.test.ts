import { match, strictEqual } from "assert";
import { injectionGuardName } from "../../../../components/live/injectionGuardName";

describe("the name of the injection guard", () => {
    it("is unique to each component, and Kubernetes takes it", () => {
        const managers = [
            "eks-cni/p/s/a",
            "eks-cni/p/s/A",
            "eks-cni/p-s/a",
            "eks-cni/p/s-a",
            `eks-cni/${"x".repeat(300)}_`,
        ];
        const names = managers.map(injectionGuardName);
        strictEqual(new Set(names).size, managers.length);
        for (const name of names) {
            match(name, /^[a-z0-9](?:[-a-z0-9]{0,251}[a-z0-9])?$/);
            match(name, /^eks-cni-.*-[0-9a-f]{8}$/);
        }
    });
});
