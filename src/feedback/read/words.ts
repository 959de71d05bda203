// What programs write in many languages: that mail failed, that it is late, that somebody is away. Pure.

/** Each is tried on one line or subject of bounded length. */
const any = (...patterns: readonly RegExp[]) => {
  return (text: string): boolean => patterns.some((pattern) => pattern.test(text));
};

/** A subject that announces a failure. */
export const isFailureSubject = any(
  /undeliver|un-?deliverable|non-?deliver|not delivered|could ?n.t be delivered|could not (?:be )?(?:deliver|send|sent)|unable to deliver|cannot be delivered|returned (?:mail|message|to sender)|return(?:ing|ed) message to sender|mail (?:system )?error|permanent (?:delivery )?(?:failure|error)|deliver\w* (?:status )?(?:notification|report|failure|failed|error|problem|has failed)|fail\w* (?:notice|notification|of delivery|delivery|to deliver)|failure delivery|bounce(?:d)? (?:notif|message|mail|action)|e?-?mail bounce|delivery\b.{0,40}\bfail|(?:mail|message|send)\w*\b.{0,20}\bfail(?:ed|ure)|processing error|user unknown|unknown user|recipient unknown|mailbox (?:is )?full|rejected (?:mail|message|by)|message rejected|nameserver error|non remis|sending failed|nondeliverable|mail not delivered|could not send message|email error|undelivered|address (?:not found|unknown)/i,
  // German, French, Italian, Spanish and Portuguese, Dutch, Scandinavian, Polish, Russian, Japanese, Chinese, Korean.
  /unzustellbar|nicht zugestellt|nicht zustellbar|fehlgeschlagen|zustellung\w*fehl|zur(?:ü|ue)ckgewiesen/i,
  /non (?:remis|distribu|délivr|delivr)|échec|echec de|impossible de (?:remettre|distribuer)|remise (?:impossible|retardée)/i,
  /non recapitat|mancato recapito|mancata consegna|consegna (?:non riuscita|fallita)|impossibile (?:recapitare|consegnare)|impossibilità|errore (?:di|nella) consegna|notifica di mancat|avviso di mancata consegna|anomalia messaggio/i,
  /no (?:se pudo|se ha podido|entregad|entregable)|não (?:entreg|pôde|foi)|nao entreg|imposible entregar|falha|fallo (?:de|en)|devuelto|devolvid|error de entrega|correo no/i,
  /onbestelbaar|niet (?:bezorgd|afgeleverd)|kunne ikke leveres|kunde inte levereras|ikke levert|olevererbart|perille toimittam|niedostarcz|nie ?dostarczon|nedoručiteln|kézbesíthetetlen|teslim edilemedi/i,
  /не доставлен|не может быть|недоставленн|ошибка доставки|не удалось/i,
  /配信不能|配信できま|未配信|送信できま|配信エラー|エラーメール|退信|投递失败|无法投递|系统退信|投遞失敗|傳送失敗|반송|전송 ?실패/,
);

/** A line of a notice that says the mail was not delivered. */
export const isFailureLine = any(
  /(?:could|can|was|were|did|has|have|is|will|would) ?(?:not|n.t|no longer)(?: be| been| yet been| reach\w*)?(?: able to)?(?: the| your)? ?(?:deliver|reach|sent|send|receive|accepted|processed|forwarded|relayed|transmitted|delivery|collected|complete)/i,
  /unable to (?:deliver|send|relay|complete)|undeliver(?:able|ed)|non-?deliver|cannot be (?:delivered|sent)|can.t be delivered|deliver\w*\b.{0,40}\bfail|fail\w*\b.{0,40}\bdeliver|(?:did not|didn.t) (?:reach|receive|get|arrive)|permanent(?:ly)? (?:fatal )?(?:error|fail)|delivery error|error (?:delivering|occurred while (?:trying to )?(?:deliver|send))|has been (?:returned|rejected|refused|blocked)|was (?:rejected|returned|refused|blocked|bounced)|address(?:es)? failed|following (?:address(?:es)?|recipient\(?s?\)?) (?:failed|had|were|did|could|was)|failed recipient|message (?:returned|rejected)|returned (?:to|because|for|mail)|mail (?:returned|rejected)|fatal error|not (?:delivered|recogni[sz]ed)|(?:may|might|does) not exist|delivery attempts?|there was an error|error (?:message|type) ?:|generated following response/i,
  /(?:unknown|no such|invalid|nonexistent|not a valid|bad) (?:local )?(?:user|recipient|mailbox|address|account|final delivery)|user (?:is )?(?:unknown|not (?:found|known))|(?:mailbox|account|inbox) (?:is )?(?:full|over ?quota|disabled|unavailable|not found)|exceeded (?:its |their |the )?(?:storage|quota|maximum)|quota (?:usage )?exceeded|no mailbox here|doesn.t have an? .{1,40}account/i,
  /nicht zugestellt|unzustellbar|konnte\w* nicht|fehlgeschlagen|non (?:è|e') stato possibile|non recapitat|impossibile|non esiste|inesistente|no se (?:ha )?p(?:udo|odido)|no pudo|não (?:pôde|foi)|nao pode|n.a (?:pas )?pu|impossible de|n.existe pas|niet (?:worden )?(?:bezorgd|afgeleverd)|не (?:может|могло|был[оа]?|удалось)|недоступ|не существует|送信できません|配信できません|送信に失敗|届けることができ|存在しません|見つかりません|无法|失败|無法|않습니다/i,
);

/** A subject that announces a delay. */
export const isDelaySubject = any(
  /\bdelayed\b|\(delay\)|\bdelay(?:ed)? (?:notif|warn|mail)|delivery delay|warning:.{0,40}(?:could not|not yet|still|delay|deliver)|not yet (?:been )?deliver|still (?:being )?(?:retried|undelivered|not)|delivery status notification \(delay|could not send message for past|verzögert|retardé|in ritardo|ritardat|retrasad|atrasad|vertraagd|задержк|遅延|延迟/i,
);

/** A line that says that delivery goes on. */
export const isDelayLine = any(
  /this is a warning message only|has not yet been delivered|have not yet been delivered|(?:has|have) been delayed|will be (?:re-?tried|attempted again)|will (?:keep|continue) (?:to )?(?:try|attempt|retry)|delivery attempts will continue|we will (?:keep|continue|retry)|still (?:be )?(?:trying|in the queue|attempting)|you do not need to (?:resend|re-?send)|no action is required on your part|not yet delivered|will try (?:again|to send)|next attempt|delivery is delayed|transient non-fatal errors|wird weiter(?:hin)? versucht|non è ancora stato/i,
);

/** A line that says that delivery has ended, whatever was tried before. */
export const isEndLine = any(
  /giv(?:en|ing) up|gave up|permanent|(?:been|being|was|is) returned|returned because|expired|no further|not going to try|will not be (?:re-?tried|attempted)|in the queue too long|could not be delivered (?:for|within)|has been removed from the (?:mail )?queue/i,
);

/** A subject that a responder writes. */
export const isAwaySubject = any(
  /\bout of (?:the )?office\b|\booo\b|auto(?:matic|mated|mat)?[ -]?(?:reply|response|respon[ds]er|acknowledg\w+|antwort|svar|risposta)|\bautore(?:ply|sponse|sponder)|\bautosvar\b|\bvacation\b|\b(?:away|absent) (?:from|until|on|till|for)\b|on (?:annual |holiday|leave|vacation|maternity)|not in (?:the )?office|absence|i am (?:away|out|currently|on)|on holiday|thank you for (?:your|contacting)|we (?:have )?received your|your (?:message|e-?mail|request|inquiry|ticket) (?:has been|was) received|ticket (?:received|created|#)|\[(?:auto|ticket)/i,
  /abwesen|automatische (?:antwort|e-?mail)|außer haus|ausser haus|urlaub|nicht (?:im büro|am platz|erreichbar)|eingangsbest/i,
  /réponse automatique|reponse automatique|absen(?:ce|t)\b|en congé|(?:pas|hors) (?:au|du) bureau|message d.absence|accusé de réception/i,
  /fuori (?:ufficio|sede)|risposta automatica|risponditore|in ferie|assenza|assente|messaggio automatico|conferma di ricezione/i,
  /fuera de (?:la )?oficina|respuesta autom|ausen(?:te|cia)|de vacaciones|resposta autom|fora do escrit|férias|auto ?respuesta/i,
  /afwezig|automatisch (?:antwoord|bericht)|frånvar|fravær|automaattinen|poissa|automatyczna odpowied|nieobecn|automatická odpověď|nepřítomn|automatikus válasz|otomatik yanıt|automatiskt? svar/i,
  /автоответ|автоматический ответ|отсутств|в отпуске|自動応答|自動返信|不在|自动(?:回复|答复)|自動回覆|자동 ?회신|부재/i,
);

/** A text that asks the sender to prove something before the mail is let in. */
export const isChallenge = any(
  /(?:confirm|verify|verification|validate|authori[sz]e) (?:that )?(?:your|you|the|this|delivery|sender)\b.{0,60}(?:e-?mail|message|sender|address|request|delivery|human)|challenge[ -]?response|sender (?:verification|confirmation|address verification)|tmda|spam ?arrest|boxbe|reply to this (?:message|e-?mail) to (?:have|deliver|confirm)|waiting for your confirmation|message is waiting|confirmation (?:required|of your message)|please confirm your message|antispam uol|captcha/i,
);
