/** Maps the calls of a sandbox's control to the managed add-on vpc-cni of its cluster. */
import type { AddOns } from "./aws/eks/addOns";
import { vpcCni } from "./aws/eks/addOns/addOn";
import type { UpdateAddOn } from "./aws/eks/addOns/requests";
import type { Controls } from "./supervisorControl";

type AddOnControls = Pick<
    Controls,
    | "setAddOnBehavior"
    | "setNextAddOnEnds"
    | "setAddOnCondition"
    | "createAddOn"
    | "updateAddOn"
    | "upgradeAddOn"
    | "deleteAddOn"
    | "revertAddOnDrift"
    | "addOnSettled"
>;

/** The changes resolve when they are over. */
export function addOnControls(addOns: AddOns, clusterName: string): AddOnControls {
    const settled = () => addOns.ended(clusterName, vpcCni);
    const update = async (asked: UpdateAddOn) => {
        const { id } = await addOns.update(clusterName, vpcCni, asked);
        await settled();
        return addOns.describeUpdate(clusterName, vpcCni, id);
    };
    return {
        setAddOnBehavior: (behavior) => addOns.setBehavior(behavior),
        setNextAddOnEnds: (ends) => addOns.setNext(ends),
        setAddOnCondition: (condition) => addOns.setCondition(clusterName, vpcCni, condition),
        createAddOn: async (asked) => {
            await addOns.create(clusterName, { ...asked, addonName: vpcCni });
            await settled();
            return addOns.describe(clusterName, vpcCni);
        },
        updateAddOn: update,
        upgradeAddOn: (addonVersion) => {
            const { serviceAccountRoleArn, configurationValues } = addOns.describe(clusterName, vpcCni);
            return update({ addonVersion, serviceAccountRoleArn, configurationValues });
        },
        deleteAddOn: async (preserve) => {
            await addOns.delete(clusterName, vpcCni, preserve);
            await settled();
        },
        revertAddOnDrift: () => addOns.revertDrift(),
        addOnSettled: settled,
    };
}
