import { contracts } from "./contracts";
import { contractTests } from "./contractTests";
import { useWorld } from "./world";

describe("the stand-in of the AWS provider keeps the contract of", () => {
    const world = useWorld();

    for (const contract of contracts) {
        describe(contract.type, () => {
            contractTests(contract, world);
        });
    }
});
