export { PermissionGuard, rightOfRoute } from './permission.guard.ts';
export { permissions, refuseRoutesWithoutRow, rightOf, rowOf } from './permissions.ts';
