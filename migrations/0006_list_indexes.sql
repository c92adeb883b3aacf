-- What is looked up by these when a client, a person or an organization is changed, listed or deleted.
CREATE INDEX clients_organization_idx ON clients (organization_id);
CREATE INDEX authorizations_user_idx ON authorizations (user_id);
CREATE INDEX consents_client_idx ON consents (client_id);
CREATE INDEX resource_introspectors_client_idx ON resource_introspectors (client_id);
