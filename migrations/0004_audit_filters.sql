-- The trail is asked by operator, action, kind of object and outcome too.
CREATE INDEX audit_events_operator_idx ON audit_events (actor_operator, id);
CREATE INDEX audit_events_action_idx ON audit_events (action, id);
CREATE INDEX audit_events_kind_idx ON audit_events (object_kind, id);
CREATE INDEX audit_events_refused_idx ON audit_events (id) WHERE outcome = 'refused';
