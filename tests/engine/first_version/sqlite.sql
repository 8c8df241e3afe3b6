BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE assignments (
	customer_id INTEGER NOT NULL, 
	journey VARCHAR NOT NULL, 
	step VARCHAR NOT NULL, 
	variant VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (customer_id, journey, step)
);
INSERT INTO "assignments" VALUES(1,'hello','split-before-a','b','2026-01-06 10:00:00.000000');
INSERT INTO "assignments" VALUES(2,'hello','split-before-a','a','2026-01-06 10:00:00.000000');
CREATE TABLE consent_log (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	"key" VARCHAR NOT NULL, 
	granted BOOLEAN NOT NULL, 
	source VARCHAR NOT NULL, 
	until DATETIME, 
	PRIMARY KEY (id)
);
INSERT INTO "consent_log" VALUES(1,3,'2026-01-05 11:00:00.000000','email',0,'identify',NULL);
INSERT INTO "consent_log" VALUES(2,3,'2026-01-05 11:00:00.000000','sms',1,'identify',NULL);
CREATE TABLE customers (
	id INTEGER NOT NULL, 
	external_id VARCHAR NOT NULL, 
	anonymous BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	traits JSON NOT NULL, 
	traits_at DATETIME, 
	facts JSON NOT NULL, 
	facts_version VARCHAR NOT NULL, 
	stage VARCHAR, 
	stage_since DATETIME, 
	consent JSON NOT NULL, 
	muted_until DATETIME, 
	cursor DATETIME, 
	next_due_at DATETIME, 
	applied_event_id INTEGER NOT NULL, 
	merged_into INTEGER, email VARCHAR, 
	PRIMARY KEY (id), 
	UNIQUE (external_id, anonymous)
);
INSERT INTO "customers" VALUES(1,'ada',0,'2026-01-05 10:00:01.000000','{"email":"Ada@Example.com","phone":"+33612345673"}','2026-01-05 10:00:00.000000','{}','de8d846571f6','prospect','2026-01-05 10:00:00.000000','{}',NULL,'2026-01-06 14:00:02.000000','2026-01-08 10:00:00.000000',14,NULL,'ada@example.com');
INSERT INTO "customers" VALUES(2,'bob',0,'2026-01-05 10:00:01.000000','{"email":"Bob@Example.com","phone":"+33612345673"}','2026-01-05 10:00:00.000000','{}','de8d846571f6','prospect','2026-01-05 10:00:00.000000','{}',NULL,'2026-01-06 12:01:00.000000',NULL,11,NULL,'bob@example.com');
INSERT INTO "customers" VALUES(3,'cleo',0,'2026-01-05 10:00:01.000000','{"email":"Cleo@Example.com","phone":"+33612345674"}','2026-01-05 11:00:00.000000','{}','de8d846571f6','prospect','2026-01-05 10:00:00.000000','{"email":{"granted":false,"at":"2026-01-05T11:00:00+00:00","source":"identify"},"sms":{"granted":true,"at":"2026-01-05T11:00:00+00:00","source":"identify"}}',NULL,'2026-01-05 13:00:00.000000',NULL,10,NULL,'cleo@example.com');
INSERT INTO "customers" VALUES(4,'dan',0,'2026-01-05 10:00:01.000000','{"email":"Dan@Example.com","phone":"+33612345673","plan":"pro","birthday":"1990-02-03"}','2026-01-05 10:00:00.000000','{}','de8d846571f6','prospect','2026-01-05 10:00:00.000000','{}',NULL,'2026-01-06 14:00:00.000000','2026-01-07 13:00:00.000000',13,NULL,'dan@example.com');
INSERT INTO "customers" VALUES(5,'device',1,'2026-01-05 10:00:01.000000','{"email":"guest@example.com"}','2026-01-05 10:00:00.000000','{}','de8d846571f6','prospect','2026-01-05 10:00:00.000000','{}',NULL,'2026-01-05 10:00:01.000000',NULL,5,NULL,'guest@example.com');
CREATE TABLE decisions (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	enrollment_id INTEGER, 
	at DATETIME NOT NULL, 
	kind VARCHAR NOT NULL, 
	journey VARCHAR NOT NULL, 
	step VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	detail JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "decisions" VALUES(1,1,1,'2026-01-05 10:00:00.000000','entered','hello','','','{}');
INSERT INTO "decisions" VALUES(2,1,1,'2026-01-05 10:00:00.000000','queued','hello','hello','email','{"template":"hello"}');
INSERT INTO "decisions" VALUES(3,1,1,'2026-01-05 10:00:00.000000','waiting','hello','delay-before-a','delay-before-a','{"until":"2026-01-06T10:00:00+00:00"}');
INSERT INTO "decisions" VALUES(4,2,2,'2026-01-05 10:00:00.000000','entered','hello','','','{}');
INSERT INTO "decisions" VALUES(5,2,2,'2026-01-05 10:00:00.000000','queued','hello','hello','email','{"template":"hello"}');
INSERT INTO "decisions" VALUES(6,2,2,'2026-01-05 10:00:00.000000','waiting','hello','delay-before-a','delay-before-a','{"until":"2026-01-06T10:00:00+00:00"}');
INSERT INTO "decisions" VALUES(7,3,3,'2026-01-05 10:00:00.000000','entered','hello','','','{}');
INSERT INTO "decisions" VALUES(8,3,3,'2026-01-05 10:00:00.000000','queued','hello','hello','email','{"template":"hello"}');
INSERT INTO "decisions" VALUES(9,3,3,'2026-01-05 10:00:00.000000','waiting','hello','delay-before-a','delay-before-a','{"until":"2026-01-06T10:00:00+00:00"}');
INSERT INTO "decisions" VALUES(10,3,3,'2026-01-05 12:00:00.000000','left','hello','delay-before-a','Left','{"status":"exited"}');
INSERT INTO "decisions" VALUES(11,1,1,'2026-01-06 10:00:00.000000','branched','hello','split-before-a','variant b','{}');
INSERT INTO "decisions" VALUES(12,1,1,'2026-01-06 10:00:00.000000','queued','hello','b','email','{"template":"b"}');
INSERT INTO "decisions" VALUES(13,1,1,'2026-01-06 10:00:00.000000','waiting','hello','wait-for-before-thanks','wait-for-before-thanks','{"until":"2026-01-08T10:00:00+00:00"}');
INSERT INTO "decisions" VALUES(14,2,2,'2026-01-06 10:00:00.000000','branched','hello','split-before-a','variant a','{}');
INSERT INTO "decisions" VALUES(15,2,2,'2026-01-06 10:00:00.000000','queued','hello','a','sms','{"template":"a"}');
INSERT INTO "decisions" VALUES(16,2,2,'2026-01-06 10:00:00.000000','waiting','hello','wait-for-before-thanks','wait-for-before-thanks','{"until":"2026-01-08T10:00:00+00:00"}');
INSERT INTO "decisions" VALUES(17,2,2,'2026-01-06 12:00:00.000000','converted','hello','','Bought','{"value":30}');
INSERT INTO "decisions" VALUES(18,2,2,'2026-01-06 12:00:00.000000','left','hello','wait-for-before-thanks','Bought','{"status":"converted"}');
INSERT INTO "decisions" VALUES(19,4,4,'2026-01-06 13:00:00.000000','entered','hello','','','{}');
INSERT INTO "decisions" VALUES(20,4,4,'2026-01-06 13:00:00.000000','queued','hello','hello','email','{"template":"hello"}');
INSERT INTO "decisions" VALUES(21,4,4,'2026-01-06 13:00:00.000000','waiting','hello','delay-before-a','delay-before-a','{"until":"2026-01-07T13:00:00+00:00"}');
INSERT INTO "decisions" VALUES(22,4,5,'2026-01-06 14:00:00.000000','entered','last','','','{}');
INSERT INTO "decisions" VALUES(23,4,5,'2026-01-06 14:00:00.000000','queued','last','last','email','{"template":"last"}');
INSERT INTO "decisions" VALUES(24,4,5,'2026-01-06 14:00:00.000000','left','last','','end of the journey','{"status":"completed"}');
INSERT INTO "decisions" VALUES(25,1,6,'2026-01-06 14:00:01.000000','entered','last','','','{}');
INSERT INTO "decisions" VALUES(26,1,6,'2026-01-06 14:00:01.000000','queued','last','last','email','{"template":"last"}');
INSERT INTO "decisions" VALUES(27,1,6,'2026-01-06 14:00:01.000000','left','last','','end of the journey','{"status":"completed"}');
CREATE TABLE enrollments (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	journey VARCHAR NOT NULL, 
	version VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	entered_at DATETIME NOT NULL, 
	entry JSON NOT NULL, 
	step VARCHAR, 
	arrived_at DATETIME, 
	due_at DATETIME, 
	deferred_since DATETIME, 
	pass_no INTEGER NOT NULL, 
	held_out BOOLEAN NOT NULL, 
	variables JSON NOT NULL, 
	coupon JSON, 
	status VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	ended_at DATETIME, 
	converted_at DATETIME, 
	goal_until DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE (customer_id, journey, number)
);
INSERT INTO "enrollments" VALUES(1,1,'hello','0e55efd8d966',1,'2026-01-05 10:00:00.000000','{}','wait-for-before-thanks','2026-01-06 10:00:00.000000','2026-01-08 10:00:00.000000',NULL,1,0,'{}','null','active','',NULL,NULL,'2026-02-04 10:00:00.000000');
INSERT INTO "enrollments" VALUES(2,2,'hello','0e55efd8d966',1,'2026-01-05 10:00:00.000000','{}','wait-for-before-thanks','2026-01-06 10:00:00.000000',NULL,NULL,1,0,'{}','null','converted','Bought','2026-01-06 12:00:00.000000','2026-01-06 12:00:00.000000','2026-02-04 10:00:00.000000');
INSERT INTO "enrollments" VALUES(3,3,'hello','0e55efd8d966',1,'2026-01-05 10:00:00.000000','{}','delay-before-a','2026-01-05 10:00:00.000000',NULL,NULL,1,0,'{}','null','exited','Left','2026-01-05 12:00:00.000000',NULL,'2026-02-04 10:00:00.000000');
INSERT INTO "enrollments" VALUES(4,4,'hello','0e55efd8d966',1,'2026-01-06 13:00:00.000000','{}','delay-before-a','2026-01-06 13:00:00.000000','2026-01-07 13:00:00.000000',NULL,1,0,'{}','null','active','',NULL,NULL,'2026-02-05 13:00:00.000000');
INSERT INTO "enrollments" VALUES(5,4,'last','e56e8843a0bc',1,'2026-01-06 14:00:00.000000','{}',NULL,'2026-01-06 14:00:00.000000',NULL,NULL,1,0,'{}','null','completed','end of the journey','2026-01-06 14:00:00.000000',NULL,NULL);
INSERT INTO "enrollments" VALUES(6,1,'last','e56e8843a0bc',1,'2026-01-06 14:00:01.000000','{}',NULL,'2026-01-06 14:00:01.000000',NULL,NULL,1,0,'{}','null','completed','end of the journey','2026-01-06 14:00:01.000000',NULL,NULL);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	message_id VARCHAR, 
	at DATETIME NOT NULL, 
	received_at DATETIME NOT NULL, 
	kind INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	starts BOOLEAN NOT NULL, 
	properties JSON NOT NULL, 
	context JSON NOT NULL, 
	absorbed_id INTEGER, 
	PRIMARY KEY (id), 
	UNIQUE (message_id)
);
INSERT INTO "events" VALUES(1,1,'m1','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000',0,'',1,'{"email":"Ada@Example.com","phone":"+33612345673"}','{}',NULL);
INSERT INTO "events" VALUES(2,2,'m2','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000',0,'',1,'{"email":"Bob@Example.com","phone":"+33612345673"}','{}',NULL);
INSERT INTO "events" VALUES(3,3,'m3','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000',0,'',1,'{"email":"Cleo@Example.com","phone":"+33612345674"}','{}',NULL);
INSERT INTO "events" VALUES(4,4,'m4','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000',0,'',1,'{"email":"Dan@Example.com","phone":"+33612345673","plan":"pro","birthday":"1990-02-03"}','{}',NULL);
INSERT INTO "events" VALUES(5,5,'m5','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000',0,'',1,'{"email":"guest@example.com"}','{}',NULL);
INSERT INTO "events" VALUES(6,1,'m6','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000',3,'Joined',1,'{}','{}',NULL);
INSERT INTO "events" VALUES(7,2,'m7','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000',3,'Joined',1,'{}','{}',NULL);
INSERT INTO "events" VALUES(8,3,'m8','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000',3,'Joined',1,'{}','{}',NULL);
INSERT INTO "events" VALUES(9,3,'m9','2026-01-05 11:00:00.000000','2026-01-05 11:00:00.000000',0,'',1,'{"consent":{"email":false,"sms":true}}','{}',NULL);
INSERT INTO "events" VALUES(10,3,'m10','2026-01-05 12:00:00.000000','2026-01-05 12:00:00.000000',3,'Left',1,'{}','{}',NULL);
INSERT INTO "events" VALUES(11,2,'m11','2026-01-06 12:00:00.000000','2026-01-06 12:00:00.000000',3,'Bought',1,'{"total":30}','{}',NULL);
INSERT INTO "events" VALUES(12,4,'m12','2026-01-06 13:00:00.000000','2026-01-06 13:00:00.000000',3,'Joined',1,'{}','{}',NULL);
INSERT INTO "events" VALUES(13,4,'m13','2026-01-06 14:00:00.000000','2026-01-06 14:00:00.000000',3,'Viewed',1,'{}','{}',NULL);
INSERT INTO "events" VALUES(14,1,'m101','2026-01-06 14:00:01.000000','2026-01-06 14:00:01.000000',3,'Viewed',1,'{}','{}',NULL);
CREATE TABLE gates (
	kind VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	since DATETIME NOT NULL, 
	PRIMARY KEY (kind, name)
);
CREATE TABLE grants (
	id INTEGER NOT NULL, 
	code VARCHAR NOT NULL, 
	customer_id INTEGER, 
	referred_id INTEGER NOT NULL, 
	enrollment_id INTEGER NOT NULL, 
	step VARCHAR NOT NULL, 
	pass_no INTEGER NOT NULL, 
	role VARCHAR NOT NULL, 
	is_reward BOOLEAN NOT NULL, 
	coupon JSON NOT NULL, 
	at DATETIME NOT NULL, 
	redeemed_at DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE (code), 
	UNIQUE (enrollment_id, step, pass_no, role)
);
CREATE TABLE inbox (
	id INTEGER NOT NULL, 
	message_id VARCHAR, 
	received_at DATETIME NOT NULL, 
	source VARCHAR NOT NULL, 
	starts BOOLEAN NOT NULL, 
	raw BLOB NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (message_id)
);
INSERT INTO "inbox" VALUES(1,'m102','2026-01-06 14:00:03.000000','api',1,X'7B2274797065223A22747261636B222C226D6573736167654964223A226D313032222C2274696D657374616D70223A22323032362D30312D30365431343A30303A30332B30303A3030222C226576656E74223A225365656E222C22757365724964223A22626F62227D');
CREATE TABLE journey_versions (
	journey VARCHAR NOT NULL, 
	version VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	seen_at DATETIME NOT NULL, 
	PRIMARY KEY (journey, version)
);
INSERT INTO "journey_versions" VALUES('hello','0e55efd8d966','journey: hello
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
','2026-01-05 10:00:00.000000');
INSERT INTO "journey_versions" VALUES('last','e56e8843a0bc','journey: last
trigger: {event: Viewed}
purpose: transactional
steps: [{email: last}]
','2026-01-05 10:00:00.000000');
CREATE TABLE links (
	anonymous_id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	PRIMARY KEY (anonymous_id)
);
INSERT INTO "links" VALUES('referral-25244d0e2817fc7a370a42f46e5dd258','ada');
INSERT INTO "links" VALUES('referral-29387cf5f0020201dc134e1abf674413','bob');
INSERT INTO "links" VALUES('referral-32f565dc4354a33b9f58d354c3c93c10','cleo');
INSERT INTO "links" VALUES('referral-87a058136bfdb0d63f10aa7f09b96ac5','dan');
CREATE TABLE messages (
	id INTEGER NOT NULL, 
	public_id VARCHAR NOT NULL, 
	customer_id INTEGER NOT NULL, 
	enrollment_id INTEGER NOT NULL, 
	journey VARCHAR NOT NULL, 
	version VARCHAR NOT NULL, 
	step VARCHAR NOT NULL, 
	pass_no INTEGER NOT NULL, 
	medium VARCHAR NOT NULL, 
	template VARCHAR NOT NULL, 
	template_version VARCHAR NOT NULL, 
	lifecycle_version VARCHAR NOT NULL, 
	purpose VARCHAR NOT NULL, 
	topic VARCHAR NOT NULL, 
	priority INTEGER NOT NULL, 
	subject VARCHAR, 
	sender VARCHAR, 
	reply_to VARCHAR, 
	resend_uncertain BOOLEAN NOT NULL, 
	variables JSON NOT NULL, 
	coupon JSON, 
	decided_at DATETIME NOT NULL, 
	not_before DATETIME NOT NULL, 
	expires_at DATETIME, 
	state VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	code VARCHAR NOT NULL, 
	provider_id VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	lease_until DATETIME, 
	leased_at DATETIME, 
	settled_at DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE (enrollment_id, step, pass_no), 
	UNIQUE (public_id)
);
INSERT INTO "messages" VALUES(1,'e2c5111bcafa93caedabc8c9',1,1,'hello','0e55efd8d966','hello',1,'email','hello','7e101c82a2b4','de8d846571f6','marketing','hello',50,NULL,NULL,NULL,0,'{}','null','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000','2026-01-08 10:00:00.000000','accepted','','','e2c5111bcafa93caedabc8c9',1,NULL,'2026-01-05 10:00:01.000000','2026-01-05 10:00:01.000000');
INSERT INTO "messages" VALUES(2,'5ce6a8dac121ce75000eafc8',2,2,'hello','0e55efd8d966','hello',1,'email','hello','7e101c82a2b4','de8d846571f6','marketing','hello',50,NULL,NULL,NULL,0,'{}','null','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000','2026-01-08 10:00:00.000000','accepted','','','5ce6a8dac121ce75000eafc8',1,NULL,'2026-01-05 10:00:01.000000','2026-01-05 10:00:01.000000');
INSERT INTO "messages" VALUES(3,'384c2ef61b61805546ec1001',3,3,'hello','0e55efd8d966','hello',1,'email','hello','7e101c82a2b4','de8d846571f6','marketing','hello',50,NULL,NULL,NULL,0,'{}','null','2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000','2026-01-08 10:00:00.000000','accepted','','','384c2ef61b61805546ec1001',1,NULL,'2026-01-05 10:00:01.000000','2026-01-05 10:00:01.000000');
INSERT INTO "messages" VALUES(4,'0000180edfd28e4f35a8c271',1,1,'hello','0e55efd8d966','b',1,'email','b','2c06b79d2985','de8d846571f6','marketing','hello',50,NULL,NULL,NULL,0,'{}','null','2026-01-06 10:00:00.000000','2026-01-06 10:00:00.000000','2026-01-09 10:00:00.000000','accepted','','','0000180edfd28e4f35a8c271',1,NULL,'2026-01-06 10:01:00.000000','2026-01-06 10:01:00.000000');
INSERT INTO "messages" VALUES(5,'e8895d3de92e1e405b67162d',2,2,'hello','0e55efd8d966','a',1,'sms','a','d57db07a32c6','de8d846571f6','marketing','hello',50,NULL,NULL,NULL,0,'{}','null','2026-01-06 10:00:00.000000','2026-01-06 10:00:00.000000','2026-01-09 10:00:00.000000','accepted','','','e8895d3de92e1e405b67162d',1,NULL,'2026-01-06 10:01:00.000000','2026-01-06 10:01:00.000000');
INSERT INTO "messages" VALUES(6,'9c5d7a2ea644cdb96184fd80',4,4,'hello','0e55efd8d966','hello',1,'email','hello','7e101c82a2b4','de8d846571f6','marketing','hello',50,NULL,NULL,NULL,0,'{}','null','2026-01-06 13:00:00.000000','2026-01-06 13:00:00.000000','2026-01-09 13:00:00.000000','accepted','','','9c5d7a2ea644cdb96184fd80',1,NULL,'2026-01-06 13:01:00.000000','2026-01-06 13:01:00.000000');
INSERT INTO "messages" VALUES(7,'b42633f65d19fce3efc1eea7',4,5,'last','e56e8843a0bc','last',1,'email','last','908238a42089','de8d846571f6','transactional','last',50,NULL,NULL,NULL,1,'{}','null','2026-01-06 14:00:00.000000','2026-01-06 14:00:00.000000','2026-01-09 14:00:00.000000','leased','','','',1,'2026-01-06 14:02:00.000000','2026-01-06 14:00:00.000000',NULL);
INSERT INTO "messages" VALUES(8,'fd3a11309df76c5092551095',1,6,'last','e56e8843a0bc','last',1,'email','last','','','transactional','last',50,NULL,NULL,NULL,1,'{}','null','2026-01-06 14:00:01.000000','2026-01-06 14:00:01.000000','2026-01-09 14:00:01.000000','queued','','','',0,NULL,NULL,NULL);
CREATE TABLE rejections (
	id INTEGER NOT NULL, 
	received_at DATETIME NOT NULL, 
	source VARCHAR NOT NULL, 
	code VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	raw BLOB NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE settings (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('lifecycle_version','de8d846571f6');
INSERT INTO "settings" VALUES('journey_version:hello','0e55efd8d966');
INSERT INTO "settings" VALUES('journey_version:last','e56e8843a0bc');
INSERT INTO "settings" VALUES('last_tick','2026-01-06T14:00:02+00:00');
INSERT INTO "settings" VALUES('clock','system');
CREATE TABLE stage_changes (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	came_from VARCHAR, 
	"to" VARCHAR, 
	cause VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "stage_changes" VALUES(1,1,'2026-01-05 10:00:00.000000',NULL,'prospect','event');
INSERT INTO "stage_changes" VALUES(2,2,'2026-01-05 10:00:00.000000',NULL,'prospect','event');
INSERT INTO "stage_changes" VALUES(3,3,'2026-01-05 10:00:00.000000',NULL,'prospect','event');
INSERT INTO "stage_changes" VALUES(4,4,'2026-01-05 10:00:00.000000',NULL,'prospect','event');
INSERT INTO "stage_changes" VALUES(5,5,'2026-01-05 10:00:00.000000',NULL,'prospect','event');
CREATE TABLE suppressions (
	id INTEGER NOT NULL, 
	scope VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (scope, address)
);
CREATE TABLE tasks (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	enrollment_id INTEGER NOT NULL, 
	step VARCHAR NOT NULL, 
	pass_no INTEGER NOT NULL, 
	type VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	assignee VARCHAR, 
	at DATETIME NOT NULL, 
	due_at DATETIME, 
	done_at DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE (enrollment_id, step, pass_no)
);
CREATE INDEX consent_of_customer ON consent_log (customer_id, at);
CREATE INDEX customers_due ON customers (next_due_at);
CREATE INDEX decisions_of_customer ON decisions (customer_id, id);
CREATE INDEX enrollments_due ON enrollments (journey, due_at) WHERE status = 'active';
CREATE INDEX events_of_customer ON events (customer_id, id);
CREATE INDEX grants_of_customer ON grants (customer_id);
CREATE INDEX grants_of_referred ON grants (referred_id);
CREATE UNIQUE INDEX rewards_once ON grants (referred_id, role) WHERE is_reward;
CREATE INDEX messages_by_state ON messages (state, medium);
CREATE INDEX messages_leased ON messages (lease_until) WHERE state = 'leased';
CREATE INDEX messages_of_customer ON messages (customer_id, decided_at);
CREATE INDEX stage_changes_of_customer ON stage_changes (customer_id, at);
CREATE INDEX tasks_of_customer ON tasks (customer_id);
CREATE INDEX customers_email ON customers (email);
CREATE INDEX suppressions_of_address ON suppressions (address);
CREATE INDEX messages_of_journey ON messages (journey, decided_at);
CREATE INDEX messages_due ON messages (medium, not_before, priority DESC, journey, id) WHERE state = 'queued';
COMMIT;
