CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.assignments (
    customer_id bigint NOT NULL,
    journey character varying NOT NULL,
    step character varying NOT NULL,
    variant character varying NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.consent_log (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    key character varying NOT NULL,
    granted boolean NOT NULL,
    source character varying NOT NULL,
    until timestamp with time zone
);
CREATE SEQUENCE public.consent_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.consent_log_id_seq OWNED BY public.consent_log.id;
CREATE TABLE public.customers (
    id bigint NOT NULL,
    external_id character varying NOT NULL,
    anonymous boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    traits jsonb NOT NULL,
    traits_at timestamp with time zone,
    facts jsonb NOT NULL,
    facts_version character varying NOT NULL,
    stage character varying,
    stage_since timestamp with time zone,
    consent jsonb NOT NULL,
    muted_until timestamp with time zone,
    cursor timestamp with time zone,
    next_due_at timestamp with time zone,
    applied_event_id bigint NOT NULL,
    merged_into bigint,
    email character varying
);
CREATE SEQUENCE public.customers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.customers_id_seq OWNED BY public.customers.id;
CREATE TABLE public.decisions (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    enrollment_id bigint,
    at timestamp with time zone NOT NULL,
    kind character varying NOT NULL,
    journey character varying NOT NULL,
    step character varying NOT NULL,
    reason character varying NOT NULL,
    detail jsonb NOT NULL
);
CREATE SEQUENCE public.decisions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.decisions_id_seq OWNED BY public.decisions.id;
CREATE TABLE public.enrollments (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    journey character varying NOT NULL,
    version character varying NOT NULL,
    number integer NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    entry jsonb NOT NULL,
    step character varying,
    arrived_at timestamp with time zone,
    due_at timestamp with time zone,
    deferred_since timestamp with time zone,
    pass_no integer NOT NULL,
    held_out boolean NOT NULL,
    variables jsonb NOT NULL,
    coupon jsonb,
    status character varying NOT NULL,
    reason character varying NOT NULL,
    ended_at timestamp with time zone,
    converted_at timestamp with time zone,
    goal_until timestamp with time zone
);
CREATE SEQUENCE public.enrollments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.enrollments_id_seq OWNED BY public.enrollments.id;
CREATE TABLE public.events (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    message_id character varying,
    at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    kind integer NOT NULL,
    name character varying NOT NULL,
    starts boolean NOT NULL,
    properties jsonb NOT NULL,
    context jsonb NOT NULL,
    absorbed_id bigint
);
CREATE SEQUENCE public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.events_id_seq OWNED BY public.events.id;
CREATE TABLE public.gates (
    kind character varying NOT NULL,
    name character varying NOT NULL,
    reason character varying NOT NULL,
    since timestamp with time zone NOT NULL
);
CREATE TABLE public.grants (
    id bigint NOT NULL,
    code character varying NOT NULL,
    customer_id bigint,
    referred_id bigint NOT NULL,
    enrollment_id bigint NOT NULL,
    step character varying NOT NULL,
    pass_no integer NOT NULL,
    role character varying NOT NULL,
    is_reward boolean NOT NULL,
    coupon jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    redeemed_at timestamp with time zone
);
CREATE SEQUENCE public.grants_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.grants_id_seq OWNED BY public.grants.id;
CREATE TABLE public.inbox (
    id bigint NOT NULL,
    message_id character varying,
    received_at timestamp with time zone NOT NULL,
    source character varying NOT NULL,
    starts boolean NOT NULL,
    raw bytea NOT NULL
);
CREATE SEQUENCE public.inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.inbox_id_seq OWNED BY public.inbox.id;
CREATE TABLE public.journey_versions (
    journey character varying NOT NULL,
    version character varying NOT NULL,
    source character varying NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
CREATE TABLE public.links (
    anonymous_id character varying NOT NULL,
    user_id character varying NOT NULL
);
CREATE TABLE public.messages (
    id bigint NOT NULL,
    public_id character varying NOT NULL,
    customer_id bigint NOT NULL,
    enrollment_id bigint NOT NULL,
    journey character varying NOT NULL,
    version character varying NOT NULL,
    step character varying NOT NULL,
    pass_no integer NOT NULL,
    medium character varying NOT NULL,
    template character varying NOT NULL,
    template_version character varying NOT NULL,
    lifecycle_version character varying NOT NULL,
    purpose character varying NOT NULL,
    topic character varying NOT NULL,
    priority integer NOT NULL,
    subject character varying,
    sender character varying,
    reply_to character varying,
    resend_uncertain boolean NOT NULL,
    variables jsonb NOT NULL,
    coupon jsonb,
    decided_at timestamp with time zone NOT NULL,
    not_before timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    state character varying NOT NULL,
    reason character varying NOT NULL,
    code character varying NOT NULL,
    provider_id character varying NOT NULL,
    attempts integer NOT NULL,
    lease_until timestamp with time zone,
    leased_at timestamp with time zone,
    settled_at timestamp with time zone
);
CREATE SEQUENCE public.messages_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.messages_id_seq OWNED BY public.messages.id;
CREATE TABLE public.rejections (
    id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    source character varying NOT NULL,
    code character varying NOT NULL,
    reason character varying NOT NULL,
    raw bytea NOT NULL
);
CREATE SEQUENCE public.rejections_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.rejections_id_seq OWNED BY public.rejections.id;
CREATE TABLE public.settings (
    key character varying NOT NULL,
    value character varying NOT NULL
);
CREATE TABLE public.stage_changes (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    came_from character varying,
    "to" character varying,
    cause character varying NOT NULL
);
CREATE SEQUENCE public.stage_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.stage_changes_id_seq OWNED BY public.stage_changes.id;
CREATE TABLE public.suppressions (
    id bigint NOT NULL,
    scope character varying NOT NULL,
    address character varying NOT NULL,
    reason character varying NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.suppressions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.suppressions_id_seq OWNED BY public.suppressions.id;
CREATE TABLE public.tasks (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    enrollment_id bigint NOT NULL,
    step character varying NOT NULL,
    pass_no integer NOT NULL,
    type character varying NOT NULL,
    note character varying NOT NULL,
    assignee character varying,
    at timestamp with time zone NOT NULL,
    due_at timestamp with time zone,
    done_at timestamp with time zone
);
CREATE SEQUENCE public.tasks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tasks_id_seq OWNED BY public.tasks.id;
ALTER TABLE ONLY public.consent_log ALTER COLUMN id SET DEFAULT nextval('public.consent_log_id_seq'::regclass);
ALTER TABLE ONLY public.customers ALTER COLUMN id SET DEFAULT nextval('public.customers_id_seq'::regclass);
ALTER TABLE ONLY public.decisions ALTER COLUMN id SET DEFAULT nextval('public.decisions_id_seq'::regclass);
ALTER TABLE ONLY public.enrollments ALTER COLUMN id SET DEFAULT nextval('public.enrollments_id_seq'::regclass);
ALTER TABLE ONLY public.events ALTER COLUMN id SET DEFAULT nextval('public.events_id_seq'::regclass);
ALTER TABLE ONLY public.grants ALTER COLUMN id SET DEFAULT nextval('public.grants_id_seq'::regclass);
ALTER TABLE ONLY public.inbox ALTER COLUMN id SET DEFAULT nextval('public.inbox_id_seq'::regclass);
ALTER TABLE ONLY public.messages ALTER COLUMN id SET DEFAULT nextval('public.messages_id_seq'::regclass);
ALTER TABLE ONLY public.rejections ALTER COLUMN id SET DEFAULT nextval('public.rejections_id_seq'::regclass);
ALTER TABLE ONLY public.stage_changes ALTER COLUMN id SET DEFAULT nextval('public.stage_changes_id_seq'::regclass);
ALTER TABLE ONLY public.suppressions ALTER COLUMN id SET DEFAULT nextval('public.suppressions_id_seq'::regclass);
ALTER TABLE ONLY public.tasks ALTER COLUMN id SET DEFAULT nextval('public.tasks_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES
	('0002');
INSERT INTO public.assignments VALUES
	(1, 'hello', 'split-before-a', 'b', '2026-01-06 10:00:00+00'),
	(2, 'hello', 'split-before-a', 'a', '2026-01-06 10:00:00+00');
INSERT INTO public.consent_log VALUES
	(1, 3, '2026-01-05 11:00:00+00', 'sms', true, 'identify', NULL),
	(2, 3, '2026-01-05 11:00:00+00', 'email', false, 'identify', NULL);
INSERT INTO public.customers VALUES
	(5, 'device', true, '2026-01-05 10:00:01+00', '{"email": "guest@example.com"}', '2026-01-05 10:00:00+00', '{}', 'de8d846571f6', 'prospect', '2026-01-05 10:00:00+00', '{}', NULL, '2026-01-05 10:00:01+00', NULL, 5, NULL, 'guest@example.com'),
	(3, 'cleo', false, '2026-01-05 10:00:01+00', '{"email": "Cleo@Example.com", "phone": "+33612345674"}', '2026-01-05 11:00:00+00', '{}', 'de8d846571f6', 'prospect', '2026-01-05 10:00:00+00', '{"sms": {"at": "2026-01-05T11:00:00+00:00", "source": "identify", "granted": true}, "email": {"at": "2026-01-05T11:00:00+00:00", "source": "identify", "granted": false}}', NULL, '2026-01-05 13:00:00+00', NULL, 10, NULL, 'cleo@example.com'),
	(2, 'bob', false, '2026-01-05 10:00:01+00', '{"email": "Bob@Example.com", "phone": "+33612345673"}', '2026-01-05 10:00:00+00', '{}', 'de8d846571f6', 'prospect', '2026-01-05 10:00:00+00', '{}', NULL, '2026-01-06 12:01:00+00', NULL, 11, NULL, 'bob@example.com'),
	(4, 'dan', false, '2026-01-05 10:00:01+00', '{"plan": "pro", "email": "Dan@Example.com", "phone": "+33612345673", "birthday": "1990-02-03"}', '2026-01-05 10:00:00+00', '{}', 'de8d846571f6', 'prospect', '2026-01-05 10:00:00+00', '{}', NULL, '2026-01-06 14:00:00+00', '2026-01-07 13:00:00+00', 13, NULL, 'dan@example.com'),
	(1, 'ada', false, '2026-01-05 10:00:01+00', '{"email": "Ada@Example.com", "phone": "+33612345673"}', '2026-01-05 10:00:00+00', '{}', 'de8d846571f6', 'prospect', '2026-01-05 10:00:00+00', '{}', NULL, '2026-01-06 14:00:02+00', '2026-01-08 10:00:00+00', 14, NULL, 'ada@example.com');
INSERT INTO public.decisions VALUES
	(1, 1, 1, '2026-01-05 10:00:00+00', 'entered', 'hello', '', '', '{}'),
	(2, 1, 1, '2026-01-05 10:00:00+00', 'queued', 'hello', 'hello', 'email', '{"template": "hello"}'),
	(3, 1, 1, '2026-01-05 10:00:00+00', 'waiting', 'hello', 'delay-before-a', 'delay-before-a', '{"until": "2026-01-06T10:00:00+00:00"}'),
	(4, 2, 2, '2026-01-05 10:00:00+00', 'entered', 'hello', '', '', '{}'),
	(5, 2, 2, '2026-01-05 10:00:00+00', 'queued', 'hello', 'hello', 'email', '{"template": "hello"}'),
	(6, 2, 2, '2026-01-05 10:00:00+00', 'waiting', 'hello', 'delay-before-a', 'delay-before-a', '{"until": "2026-01-06T10:00:00+00:00"}'),
	(7, 3, 3, '2026-01-05 10:00:00+00', 'entered', 'hello', '', '', '{}'),
	(8, 3, 3, '2026-01-05 10:00:00+00', 'queued', 'hello', 'hello', 'email', '{"template": "hello"}'),
	(9, 3, 3, '2026-01-05 10:00:00+00', 'waiting', 'hello', 'delay-before-a', 'delay-before-a', '{"until": "2026-01-06T10:00:00+00:00"}'),
	(10, 3, 3, '2026-01-05 12:00:00+00', 'left', 'hello', 'delay-before-a', 'Left', '{"status": "exited"}'),
	(11, 1, 1, '2026-01-06 10:00:00+00', 'branched', 'hello', 'split-before-a', 'variant b', '{}'),
	(12, 1, 1, '2026-01-06 10:00:00+00', 'queued', 'hello', 'b', 'email', '{"template": "b"}'),
	(13, 1, 1, '2026-01-06 10:00:00+00', 'waiting', 'hello', 'wait-for-before-thanks', 'wait-for-before-thanks', '{"until": "2026-01-08T10:00:00+00:00"}'),
	(14, 2, 2, '2026-01-06 10:00:00+00', 'branched', 'hello', 'split-before-a', 'variant a', '{}'),
	(15, 2, 2, '2026-01-06 10:00:00+00', 'queued', 'hello', 'a', 'sms', '{"template": "a"}'),
	(16, 2, 2, '2026-01-06 10:00:00+00', 'waiting', 'hello', 'wait-for-before-thanks', 'wait-for-before-thanks', '{"until": "2026-01-08T10:00:00+00:00"}'),
	(17, 2, 2, '2026-01-06 12:00:00+00', 'converted', 'hello', '', 'Bought', '{"value": 30}'),
	(18, 2, 2, '2026-01-06 12:00:00+00', 'left', 'hello', 'wait-for-before-thanks', 'Bought', '{"status": "converted"}'),
	(19, 4, 4, '2026-01-06 13:00:00+00', 'entered', 'hello', '', '', '{}'),
	(20, 4, 4, '2026-01-06 13:00:00+00', 'queued', 'hello', 'hello', 'email', '{"template": "hello"}'),
	(21, 4, 4, '2026-01-06 13:00:00+00', 'waiting', 'hello', 'delay-before-a', 'delay-before-a', '{"until": "2026-01-07T13:00:00+00:00"}'),
	(22, 4, 5, '2026-01-06 14:00:00+00', 'entered', 'last', '', '', '{}'),
	(23, 4, 5, '2026-01-06 14:00:00+00', 'queued', 'last', 'last', 'email', '{"template": "last"}'),
	(24, 4, 5, '2026-01-06 14:00:00+00', 'left', 'last', '', 'end of the journey', '{"status": "completed"}'),
	(25, 1, 6, '2026-01-06 14:00:01+00', 'entered', 'last', '', '', '{}'),
	(26, 1, 6, '2026-01-06 14:00:01+00', 'queued', 'last', 'last', 'email', '{"template": "last"}'),
	(27, 1, 6, '2026-01-06 14:00:01+00', 'left', 'last', '', 'end of the journey', '{"status": "completed"}');
INSERT INTO public.enrollments VALUES
	(3, 3, 'hello', '0e55efd8d966', 1, '2026-01-05 10:00:00+00', '{}', 'delay-before-a', '2026-01-05 10:00:00+00', NULL, NULL, 1, false, '{}', 'null', 'exited', 'Left', '2026-01-05 12:00:00+00', NULL, '2026-02-04 10:00:00+00'),
	(1, 1, 'hello', '0e55efd8d966', 1, '2026-01-05 10:00:00+00', '{}', 'wait-for-before-thanks', '2026-01-06 10:00:00+00', '2026-01-08 10:00:00+00', NULL, 1, false, '{}', 'null', 'active', '', NULL, NULL, '2026-02-04 10:00:00+00'),
	(2, 2, 'hello', '0e55efd8d966', 1, '2026-01-05 10:00:00+00', '{}', 'wait-for-before-thanks', '2026-01-06 10:00:00+00', NULL, NULL, 1, false, '{}', 'null', 'converted', 'Bought', '2026-01-06 12:00:00+00', '2026-01-06 12:00:00+00', '2026-02-04 10:00:00+00'),
	(4, 4, 'hello', '0e55efd8d966', 1, '2026-01-06 13:00:00+00', '{}', 'delay-before-a', '2026-01-06 13:00:00+00', '2026-01-07 13:00:00+00', NULL, 1, false, '{}', 'null', 'active', '', NULL, NULL, '2026-02-05 13:00:00+00'),
	(5, 4, 'last', 'e56e8843a0bc', 1, '2026-01-06 14:00:00+00', '{}', NULL, '2026-01-06 14:00:00+00', NULL, NULL, 1, false, '{}', 'null', 'completed', 'end of the journey', '2026-01-06 14:00:00+00', NULL, NULL),
	(6, 1, 'last', 'e56e8843a0bc', 1, '2026-01-06 14:00:01+00', '{}', NULL, '2026-01-06 14:00:01+00', NULL, NULL, 1, false, '{}', 'null', 'completed', 'end of the journey', '2026-01-06 14:00:01+00', NULL, NULL);
INSERT INTO public.events VALUES
	(1, 1, 'm1', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', 0, '', true, '{"email": "Ada@Example.com", "phone": "+33612345673"}', '{}', NULL),
	(2, 2, 'm2', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', 0, '', true, '{"email": "Bob@Example.com", "phone": "+33612345673"}', '{}', NULL),
	(3, 3, 'm3', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', 0, '', true, '{"email": "Cleo@Example.com", "phone": "+33612345674"}', '{}', NULL),
	(4, 4, 'm4', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', 0, '', true, '{"plan": "pro", "email": "Dan@Example.com", "phone": "+33612345673", "birthday": "1990-02-03"}', '{}', NULL),
	(5, 5, 'm5', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', 0, '', true, '{"email": "guest@example.com"}', '{}', NULL),
	(6, 1, 'm6', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', 3, 'Joined', true, '{}', '{}', NULL),
	(7, 2, 'm7', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', 3, 'Joined', true, '{}', '{}', NULL),
	(8, 3, 'm8', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', 3, 'Joined', true, '{}', '{}', NULL),
	(9, 3, 'm9', '2026-01-05 11:00:00+00', '2026-01-05 11:00:00+00', 0, '', true, '{"consent": {"sms": true, "email": false}}', '{}', NULL),
	(10, 3, 'm10', '2026-01-05 12:00:00+00', '2026-01-05 12:00:00+00', 3, 'Left', true, '{}', '{}', NULL),
	(11, 2, 'm11', '2026-01-06 12:00:00+00', '2026-01-06 12:00:00+00', 3, 'Bought', true, '{"total": 30}', '{}', NULL),
	(12, 4, 'm12', '2026-01-06 13:00:00+00', '2026-01-06 13:00:00+00', 3, 'Joined', true, '{}', '{}', NULL),
	(13, 4, 'm13', '2026-01-06 14:00:00+00', '2026-01-06 14:00:00+00', 3, 'Viewed', true, '{}', '{}', NULL),
	(14, 1, 'm101', '2026-01-06 14:00:01+00', '2026-01-06 14:00:01+00', 3, 'Viewed', true, '{}', '{}', NULL);
INSERT INTO public.inbox VALUES
	(15, 'm102', '2026-01-06 14:00:03+00', 'api', true, '\x7b2274797065223a22747261636b222c226d6573736167654964223a226d313032222c2274696d657374616d70223a22323032362d30312d30365431343a30303a30332b30303a3030222c226576656e74223a225365656e222c22757365724964223a22626f62227d');
INSERT INTO public.journey_versions VALUES
	('hello', '0e55efd8d966', 'journey: hello
trigger: {event: Joined}
exit: [{event: Left}]
goal: {event: Bought, within: 30d, value: event.total}
reentry: always
steps:
  - email: hello
  - delay: 1d
  - split:
      - {variant: a, share: 50%, then: [{sms: a}]}
      - {variant: b, share: 50%, then: [{email: b}]}
  - wait_for: {event: Bought, within: 2d, then: [{coupon: {percent: 10}}, {email: thanks}], else: [{email: pity}]}
', '2026-01-05 10:00:00+00'),
	('last', 'e56e8843a0bc', 'journey: last
trigger: {event: Viewed}
purpose: transactional
steps: [{email: last}]
', '2026-01-05 10:00:00+00');
INSERT INTO public.links VALUES
	('referral-25244d0e2817fc7a370a42f46e5dd258', 'ada'),
	('referral-29387cf5f0020201dc134e1abf674413', 'bob'),
	('referral-32f565dc4354a33b9f58d354c3c93c10', 'cleo'),
	('referral-87a058136bfdb0d63f10aa7f09b96ac5', 'dan');
INSERT INTO public.messages VALUES
	(1, 'e2c5111bcafa93caedabc8c9', 1, 1, 'hello', '0e55efd8d966', 'hello', 1, 'email', 'hello', '7e101c82a2b4', 'de8d846571f6', 'marketing', 'hello', 50, NULL, NULL, NULL, false, '{}', 'null', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', '2026-01-08 10:00:00+00', 'accepted', '', '', 'e2c5111bcafa93caedabc8c9', 1, NULL, '2026-01-05 10:00:01+00', '2026-01-05 10:00:01+00'),
	(2, '5ce6a8dac121ce75000eafc8', 2, 2, 'hello', '0e55efd8d966', 'hello', 1, 'email', 'hello', '7e101c82a2b4', 'de8d846571f6', 'marketing', 'hello', 50, NULL, NULL, NULL, false, '{}', 'null', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', '2026-01-08 10:00:00+00', 'accepted', '', '', '5ce6a8dac121ce75000eafc8', 1, NULL, '2026-01-05 10:00:01+00', '2026-01-05 10:00:01+00'),
	(3, '384c2ef61b61805546ec1001', 3, 3, 'hello', '0e55efd8d966', 'hello', 1, 'email', 'hello', '7e101c82a2b4', 'de8d846571f6', 'marketing', 'hello', 50, NULL, NULL, NULL, false, '{}', 'null', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00', '2026-01-08 10:00:00+00', 'accepted', '', '', '384c2ef61b61805546ec1001', 1, NULL, '2026-01-05 10:00:01+00', '2026-01-05 10:00:01+00'),
	(4, '0000180edfd28e4f35a8c271', 1, 1, 'hello', '0e55efd8d966', 'b', 1, 'email', 'b', '2c06b79d2985', 'de8d846571f6', 'marketing', 'hello', 50, NULL, NULL, NULL, false, '{}', 'null', '2026-01-06 10:00:00+00', '2026-01-06 10:00:00+00', '2026-01-09 10:00:00+00', 'accepted', '', '', '0000180edfd28e4f35a8c271', 1, NULL, '2026-01-06 10:01:00+00', '2026-01-06 10:01:00+00'),
	(5, 'e8895d3de92e1e405b67162d', 2, 2, 'hello', '0e55efd8d966', 'a', 1, 'sms', 'a', 'd57db07a32c6', 'de8d846571f6', 'marketing', 'hello', 50, NULL, NULL, NULL, false, '{}', 'null', '2026-01-06 10:00:00+00', '2026-01-06 10:00:00+00', '2026-01-09 10:00:00+00', 'accepted', '', '', 'e8895d3de92e1e405b67162d', 1, NULL, '2026-01-06 10:01:00+00', '2026-01-06 10:01:00+00'),
	(6, '9c5d7a2ea644cdb96184fd80', 4, 4, 'hello', '0e55efd8d966', 'hello', 1, 'email', 'hello', '7e101c82a2b4', 'de8d846571f6', 'marketing', 'hello', 50, NULL, NULL, NULL, false, '{}', 'null', '2026-01-06 13:00:00+00', '2026-01-06 13:00:00+00', '2026-01-09 13:00:00+00', 'accepted', '', '', '9c5d7a2ea644cdb96184fd80', 1, NULL, '2026-01-06 13:01:00+00', '2026-01-06 13:01:00+00'),
	(7, 'b42633f65d19fce3efc1eea7', 4, 5, 'last', 'e56e8843a0bc', 'last', 1, 'email', 'last', '908238a42089', 'de8d846571f6', 'transactional', 'last', 50, NULL, NULL, NULL, true, '{}', 'null', '2026-01-06 14:00:00+00', '2026-01-06 14:00:00+00', '2026-01-09 14:00:00+00', 'leased', '', '', '', 1, '2026-01-06 14:02:00+00', '2026-01-06 14:00:00+00', NULL),
	(8, 'fd3a11309df76c5092551095', 1, 6, 'last', 'e56e8843a0bc', 'last', 1, 'email', 'last', '', '', 'transactional', 'last', 50, NULL, NULL, NULL, true, '{}', 'null', '2026-01-06 14:00:01+00', '2026-01-06 14:00:01+00', '2026-01-09 14:00:01+00', 'queued', '', '', '', 0, NULL, NULL, NULL);
INSERT INTO public.settings VALUES
	('lifecycle_version', 'de8d846571f6'),
	('journey_version:hello', '0e55efd8d966'),
	('journey_version:last', 'e56e8843a0bc'),
	('last_tick', '2026-01-06T14:00:02+00:00'),
	('clock', 'system');
INSERT INTO public.stage_changes VALUES
	(1, 1, '2026-01-05 10:00:00+00', NULL, 'prospect', 'event'),
	(2, 2, '2026-01-05 10:00:00+00', NULL, 'prospect', 'event'),
	(3, 3, '2026-01-05 10:00:00+00', NULL, 'prospect', 'event'),
	(4, 4, '2026-01-05 10:00:00+00', NULL, 'prospect', 'event'),
	(5, 5, '2026-01-05 10:00:00+00', NULL, 'prospect', 'event');
SELECT pg_catalog.setval('public.consent_log_id_seq', 2, true);
SELECT pg_catalog.setval('public.customers_id_seq', 5, true);
SELECT pg_catalog.setval('public.decisions_id_seq', 27, true);
SELECT pg_catalog.setval('public.enrollments_id_seq', 6, true);
SELECT pg_catalog.setval('public.events_id_seq', 14, true);
SELECT pg_catalog.setval('public.grants_id_seq', 1, false);
SELECT pg_catalog.setval('public.inbox_id_seq', 15, true);
SELECT pg_catalog.setval('public.messages_id_seq', 8, true);
SELECT pg_catalog.setval('public.rejections_id_seq', 1, false);
SELECT pg_catalog.setval('public.stage_changes_id_seq', 5, true);
SELECT pg_catalog.setval('public.suppressions_id_seq', 1, false);
SELECT pg_catalog.setval('public.tasks_id_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.assignments
    ADD CONSTRAINT assignments_pkey PRIMARY KEY (customer_id, journey, step);
ALTER TABLE ONLY public.consent_log
    ADD CONSTRAINT consent_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_external_id_anonymous_key UNIQUE (external_id, anonymous);
ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT decisions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.enrollments
    ADD CONSTRAINT enrollments_customer_id_journey_number_key UNIQUE (customer_id, journey, number);
ALTER TABLE ONLY public.enrollments
    ADD CONSTRAINT enrollments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_message_id_key UNIQUE (message_id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.gates
    ADD CONSTRAINT gates_pkey PRIMARY KEY (kind, name);
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_code_key UNIQUE (code);
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_enrollment_id_step_pass_no_role_key UNIQUE (enrollment_id, step, pass_no, role);
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_message_id_key UNIQUE (message_id);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.journey_versions
    ADD CONSTRAINT journey_versions_pkey PRIMARY KEY (journey, version);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (anonymous_id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_enrollment_id_step_pass_no_key UNIQUE (enrollment_id, step, pass_no);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_public_id_key UNIQUE (public_id);
ALTER TABLE ONLY public.rejections
    ADD CONSTRAINT rejections_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.stage_changes
    ADD CONSTRAINT stage_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.suppressions
    ADD CONSTRAINT suppressions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.suppressions
    ADD CONSTRAINT suppressions_scope_address_key UNIQUE (scope, address);
ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_enrollment_id_step_pass_no_key UNIQUE (enrollment_id, step, pass_no);
ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);
CREATE INDEX consent_of_customer ON public.consent_log USING btree (customer_id, at);
CREATE INDEX customers_due ON public.customers USING btree (next_due_at) WHERE (next_due_at IS NOT NULL);
CREATE INDEX customers_email ON public.customers USING btree (email);
CREATE INDEX decisions_of_customer ON public.decisions USING btree (customer_id, id);
CREATE INDEX enrollments_due ON public.enrollments USING btree (journey, due_at) WHERE ((status)::text = 'active'::text);
CREATE INDEX events_of_customer ON public.events USING btree (customer_id, id);
CREATE INDEX grants_of_customer ON public.grants USING btree (customer_id);
CREATE INDEX grants_of_referred ON public.grants USING btree (referred_id);
CREATE INDEX messages_by_state ON public.messages USING btree (state, medium);
CREATE INDEX messages_due ON public.messages USING btree (medium, not_before, priority DESC, journey, id) WHERE ((state)::text = 'queued'::text);
CREATE INDEX messages_leased ON public.messages USING btree (lease_until) WHERE ((state)::text = 'leased'::text);
CREATE INDEX messages_of_customer ON public.messages USING btree (customer_id, decided_at);
CREATE INDEX messages_of_journey ON public.messages USING btree (journey, decided_at);
CREATE UNIQUE INDEX rewards_once ON public.grants USING btree (referred_id, role) WHERE is_reward;
CREATE INDEX stage_changes_of_customer ON public.stage_changes USING btree (customer_id, at);
CREATE INDEX suppressions_of_address ON public.suppressions USING btree (address);
CREATE INDEX tasks_of_customer ON public.tasks USING btree (customer_id);
