"""How mail programs say that something did not arrive, in the languages they speak."""

import re
from typing import Final

DAEMON: Final = re.compile(
    r"(?i)mailer-?\s?daemon|post[-_ ]?master|mail (delivery|transfer|administrator|admin|system|router|daemon|server)|delivery (sub)?system"
    r"|system (administrator|attendant)|mdaemon|\bdaemon@|postoffice|\bbounces?\b|mail-?delivery|mailer@|undeliver|returned mail"
    r"|non-?delivery|microsoftexchange|smtp (server|gateway|daemon)|internet mail|mail-?(gateway|agent|service)|mailgate|administrator@"
)
SUBJECT: Final = re.compile(
    r"(?i)undeliver|undeliveried|non-?\s?deliver|not deliver|(un|not )able to deliver|delivery[ -]*(status|fail|problem|error|report|unsuccess|delay|warn|notif|has failed|incomplete|attempt|was not|of .{0,40}fail)"
    r"|fail(ed|ing|ure) (mail|message|e-?mail|deliver)|failure (notice|delivery|report|in delivery)|(delivery|mail|message|transport|sending|transmission|smtp|routing|e-?mail)\s*(system )?(failure|failed|error|problem)"
    r"|return(ed|ing)? (mail|message|to sender|e-?mail)|message (rejected|return|status|blocked|delayed|expired|not sent|you sent blocked)|could not (be )?(send|sent|deliver)"
    r"|(mail|message|e-?mail)( .{0,40})?(could not|cannot|can't|not|couldn't) (be )?(deliver|sent|send)|returned to sender|not sent|\bnd[nr]\b|bounced?\b|warning: (message|could not|mail|your)"
    r"|user (unknown|not found)|unknown (user|recipient|address)|no such (user|address)|invalid (address|recipient|user|mailbox)|mailbox (full|unavailable|not found)|recipient (unknown|not found|rejected)|(over|exceed).{0,20}quota|account (disabled|closed)"
    r"|unzustellbar|nicht (zu|aus)(ge)?(stell|liefer)|nicht .{0,30}(zugestellt|ausgeliefert)|zustell.{0,30}(fehl|nicht|problem|unm)|fehlgeschlagen|r[üu]ckl[äa]ufer|zur[üu]ck an absender"
    r"|non (remis|distribu|d[ée]livr)|[ée]chec (de|d'|lors)|retour (de|du|d').{0,20}(courrier|message|mail)|n'a pas pu|impossible de (remettre|d[ée]livrer)|rejet"
    r"|no (se (puede|pudo|ha podido)|entreg|es posible entreg)|devuelto|(error|fallo|fall[óo]).{0,20}entrega|entrega .{0,20}(fall|err)|no entregable"
    r"|recapit|consegna .{0,20}(non|fall|err)|non (consegnat|recapitat)|impossibile (recapitare|consegnare)"
    r"|onbestelbaar|niet (bezorgd|afgeleverd|te bezorgen)|bezorg.{0,20}(mislukt|fout|niet)|kan niet worden|kon niet worden"
    r"|n[ãa]o (entreg|foi (poss|entreg)|p[ôo]de|[ée] poss)|falha (na|de|no) (entrega|envio)|devolvid|retornad"
    r"|niedostarcz|nie mo[żz]na dostarczy|nie zosta[łl]a dostarcz|zwrot|nie dor[ęe]cz|b[łl][ąa]d dostarcz"
    r"|недоставл|не (может быть |было |удалось )?достав|невозможно достав|ошибка доставки|возвра[щт]"
    r"|olevererbar|kunde inte levereras|g[åa]r inte att leverera|ikke leveres|ikke levert|kan ikke levere|uleverelig|leveringsfejl|ei voi(da)? toimittaa|toimittaminen"
    r"|nedoru[čc]iteln|nelze doru[čc]it|nedoru[čc]en|k[ée]zbes[íi]thetetlen|sikertelen k[ée]zbes|nu se poate livra|teslim edilemedi|iletilemedi|δεν είναι δυνατή η παράδοση|αποτυχία παράδοσης"
    r"|配信(不能|不可|でき|エラー)|配送(でき|エラー|失敗)|送信(でき|エラー)|届けられ|戻り|无法(投递|送达|传递)|退信|投递失败|未傳遞|無法(傳遞|投遞)|לא ניתן|לא נמסר|נכשל|تعذر|فشل|لم يتم|退回|배달되지|배달(할 수|하지)|전송 ?실패|반송"
)
BODY: Final = re.compile(
    r"(?i)(could|can|was|were|has|have|is|are|did|does)(not| ?n[o']t| not)( been| be| get| successfully)* (deliver|deliverable|sent|reach|accepted|processed|transmitted|relayed)"
    r"|(un|not )(able|possible) to (be )?(deliver|send|reach|relay|transmit|process)|(wasn't|weren't|isn't|not) able to (deliver|send)|undeliver|non-?deliver|delivery (to|of|has|attempt|failed|failure|status|error|problem|report|delayed|expired|not)"
    r"|did not (exactly )?match|not an? (valid|known|local|current|active) (user|address|recipient|mailbox|account)|(permanent|fatal|transient|temporary|delivery|following) (fatal )?(delivery )?(errors?|failures?)|return(ed|ing)( .{0,30})? to (the |its )?sender|(failed|refused|rejected|bounced|returned|blocked|deferred|delayed|discarded|expired).{0,60}(recipient|address|message|mail|deliver|permanently)"
    r"|(message|mail|recipient|address|delivery|user)\S{0,3}( .{0,60})? (failed|refused|rejected|bounced|returned|blocked|deferred|delayed|discarded|expired)"
    r"|(user|recipient|mailbox|address|account|host|domain|name)\S{0,3}( .{0,40})? (is )?(unknown|invalid|unavailable|disabled|inactive|full|not found|not known|suspended|closed|over quota|not available|not recognized|not listed|no longer)"
    r"|(unknown|invalid|no such|nonexistent|unrecognized|bad|illegal) (local )?(user|recipient|mailbox|address|account|host|domain|destination|person|alias)|(does|do) ?(not|n't|n.t) (exist|have an?|accept)|(over|exceed|exceeds|exceeded) .{0,30}quota|quota.{0,20}exceed|mailbox .{0,30}full"
    r"|will (keep|continue) (on )?(trying|to (try|be))|retr(y|ied|ying).{0,50}(day|hour|until)|giving up|given up|not yet been delivered|still being|"
    r"(konnte|kann|wurde|k[öo]nnen|konnten).{0,80}nicht|unzustellbar|unbekannt|empf[äa]nger.{0,60}(nicht|unbekannt|existiert|abgelehnt)|fehlgeschlagen|fehler"
    r"|n'a pas (pu|[ée]t[ée])|n'ont pas|(impossible|[ée]chec|inconnu|n'existe)|no (se ha|ha podido|pudo|se pudo|se puede|existe)|imposible|non (è|e'|[ée]) (stato|possibile|riuscit)|impossibile|niet (worden|bezorgd|bestaat|afgeleverd)|onbekend|n[ãa]o (foi|p[ôo]de|existe|pode|conseguiu)"
    r"|не (был|может|удалось|доставлен|существует)|недостав|nie (mo[żz]|zosta|istnieje|uda[łl])|inte (levereras|n[åa]|kunde)|kunde inte|ikke (leveres|levert|fundet)|ei voi|nelze|nebyl|nem (siker|lehet)|teslim|iletil"
    r"|(配信|配送|送信|届|エラー|存在|見つかり)|无法|失败|不存在|拒绝|無法|失敗|실패|없습니다|없는|לא ניתן|נכשל|تعذر|فشل"
)
DELAYED: Final = re.compile(
    r"(?i)warning message only|this is a warning|do not (need to )?resend|(no|don't|not) (action|need|have) .{0,40}resend|(will|is|are) (keep|continue|be|being) (on )?(trying|retri|tried|to (try|be tried|retry|attempt))"
    r"|delivery (status notification \(delay\)|(has been |was |is )?(delayed|deferred|postponed))|\bdelayed\b.{0,40}(\d+|hours?|delivery)|message (has been |is |was )?delayed|delayed (mail|message|delivery)"
    r"|not yet been delivered|has not been delivered (yet|for)|could not (send|be delivered|deliver).{0,40}for (the )?(past|last)|still (being|trying|in the queue|undelivered)|"
    r"(?<!no )\b(further|more|another|next) (delivery )?attempts? will be made|will be retried|will retry|we('ll| will) (keep|continue)|server will (keep|continue|retry)|verz[öo]gert|weitere zustellversuche|(remise|livraison) .{0,20}retard|retard[ée]e?\b|retrasad"
    r"|transient.{0,10}(delivery|non-fatal) .{0,20}(error|delay)|attempts? .{0,30}will continue|delivery incomplete|nicht endg[üu]ltig|配信の遅延|задержк"
)
