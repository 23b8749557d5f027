from conn import *
for v in ('4','3.9'):
    d=D[v]; ca=d['ca']
    first=True
    for m in ('PLAIN','SCRAM-SHA-256','SCRAM-SHA-512'):
        run('rdkafka '+m,{'metadata.broker.list':d['SASL'],'security.protocol':'sasl_plaintext','sasl.mechanisms':m,'sasl.username':'alice','sasl.password':'alice-secret'},ver=v,show=first); first=False
        mod='plain.PlainLoginModule' if m=='PLAIN' else 'scram.ScramLoginModule'
        run('java SSL '+m,{'bootstrap.servers':d['SASLTLS'],'security.protocol':'SASL_SSL','sasl.mechanism':m,'sasl.jaas.config':f'org.apache.kafka.common.security.{mod} required \\\n  username="alice" \\\n  password="alice-secret";','ssl.truststore.type':'PEM','ssl.truststore.location':ca,'group.id':'x','acks':'all'},ver=v,show=False)
    run('oauth rd',{'bootstrap.servers':d['OAUTH'],'security.protocol':'SASL_PLAINTEXT','sasl.mechanism':'OAUTHBEARER','sasl.oauthbearer.method':'oidc','sasl.oauthbearer.token.endpoint.url':d['tokens'],'sasl.oauthbearer.client.id':'auditor','sasl.oauthbearer.client.secret':'auditor-secret'},ver=v,show=False)
    run('oauth java',{'bootstrap.servers':d['OAUTH'],'security.protocol':'SASL_PLAINTEXT','sasl.mechanism':'OAUTHBEARER','sasl.oauthbearer.token.endpoint.url':d['tokens'],'sasl.login.callback.handler.class':'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler','sasl.jaas.config':'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId="auditor" clientSecret="auditor-secret" scope="kafka";'},ver=v,show=False)
    run('mtls pem',{'bootstrap.servers':d['MUTUAL'],'security.protocol':'SSL','ssl.ca.location':ca,'ssl.certificate.location':d['client']['certificateFile'],'ssl.key.location':d['enc'],'ssl.key.password':'seal-key-pw'},ver=v,show=False)
    run('mtls p12',{'bootstrap.servers':d['MUTUAL'],'security.protocol':'SSL','ssl.ca.location':ca,'ssl.keystore.type':'PKCS12','ssl.keystore.location':d['p12'],'ssl.keystore.password':'seal-p12-pw'},ver=v,show=False)
    run('mtls java pem keystore',{'bootstrap.servers':d['MUTUAL'],'security.protocol':'SSL','ssl.truststore.type':'PEM','ssl.truststore.location':ca,'ssl.keystore.type':'PEM','ssl.keystore.location':d['client']['bundleFile']},ver=v,show=False)
    pem=lambda f: open(f).read().replace('\n','\\n')
    run('mtls inline pem java',{'bootstrap.servers':d['MUTUAL'],'security.protocol':'SSL','ssl.truststore.type':'PEM','ssl.truststore.certificates':pem(ca),'ssl.keystore.type':'PEM','ssl.keystore.certificate.chain':pem(d['client']['certificateFile']),'ssl.keystore.key':pem(d['client']['keyFile'])},ver=v,show=False)
    run('mtls inline enc key java',{'bootstrap.servers':d['MUTUAL'],'security.protocol':'SSL','ssl.truststore.type':'PEM','ssl.truststore.certificates':pem(ca),'ssl.keystore.type':'PEM','ssl.keystore.certificate.chain':pem(d['client']['certificateFile']),'ssl.keystore.key':pem(d['enc']),'ssl.key.password':'seal-key-pw'},ver=v,show=False)
