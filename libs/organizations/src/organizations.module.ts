import { mayManage, mayRename, type Noun, rowsOf, systemOnly } from '#commands';
import {
  CreateOrganization,
  RenameOrganization,
  RequestOrganizationDeletion,
  SetDomainSignupPolicy,
} from './organization.commands.ts';
import { SetLimitsHandler } from './organization.handlers.ts';
import { organizationHistory } from './organization.history.ts';
import { organization } from './organization.ts';
import { LimitsController, OrganizationsController } from './organizations.http.ts';
import { organizations } from './organizations.projection.ts';
import { organizationQueries } from './organizations.queries.ts';

const id = ({ organizationId }: { organizationId: string }) => organizationId;

const organizationRow = rowsOf(organization);

export const organizationsNoun: Noun = {
  name: 'organizations',
  catalogue: organizationHistory,
  commands: [CreateOrganization],
  controllers: [OrganizationsController, LimitsController],
  providers: [SetLimitsHandler, ...organizationQueries],
  projections: [organizations],
  rows: [
    organizationRow({
      on: RenameOrganization,
      id,
      authorize: (principal, state) => mayRename(principal, organization.organizationOf(state)),
      command: ({ name }) => ({ type: 'RenameOrganization', name }),
      answer: (state) =>
        state.status === 'open' ? { organizationId: state.organizationId, name: state.name } : {},
    }),
    organizationRow({
      on: SetDomainSignupPolicy,
      id,
      authorize: (principal, state) => mayManage(principal, organization.organizationOf(state)),
      command: ({ policy }) => ({ type: 'SetDomainSignupPolicy', policy }),
      answer: (state) =>
        state.status === 'open'
          ? { organizationId: state.organizationId, signUpPolicy: state.signUpPolicy }
          : {},
    }),
    organizationRow({
      on: RequestOrganizationDeletion,
      id,
      authorize: (principal, state) => mayManage(principal, organization.organizationOf(state)),
      command: () => ({ type: 'RequestOrganizationDeletion' }),
    }),
    organizationRow({
      on: CreateOrganization,
      id,
      authorize: systemOnly,
      command: ({ organizationId, name, ownerId, via }) => ({
        type: 'CreateOrganization',
        organizationId,
        name,
        ownerId,
        via,
      }),
    }),
  ],
};
